package fakeaws

// Scene is what a set stage has in it.
type Scene struct {
	Users map[string]User
	Roles map[string]string // name to ARN
	SSO   *Instance         // of IAM Identity Center
}

// The accounts of the default scene.
const (
	UserAccount = "111122223333" // AWS's own example accounts
	RoleAccount = "444455556666"
	// PaymentsAccount is the one of Identity Center that FromSSO trusts.
	PaymentsAccount = "222233334444"
)

// SetDefault adds the default scene. Account 111122223333, alias fob-users:
// jane, with an MFA device, and bot, without. Account 444455556666, alias
// fob-roles, whose roles trust the first account where nothing else is said:
//
//	Deploy    requires MFA
//	ReadOnly
//	Chained   trusts the role ReadOnly only
//	External  requires the external id fob-ext
//	LongDay   requires MFA, up to 12 hours
//	LongJob   up to 12 hours
//	Tagged    accepts session tags and a source identity
//	Onward    trusts the role Tagged only, accepts both too
//	Nobody    trusts another account
//	FromSSO   trusts the account payments of Identity Center, up to 12 hours
//
// IAM Identity Center, start URL /start on the fake's own address, region
// us-east-1, user jane@example.com: the accounts payments (222233334444), Data
// Platform (333344445555), and two called sandbox (555566667777, 666677778888),
// each with the roles Admin and ReadOnly.
func (s *Server) SetDefault() Scene {
	sc := Scene{Users: map[string]User{}, Roles: map[string]string{}}
	for _, u := range []UserSpec{{Name: "jane", MFA: true}, {Name: "bot"}} {
		u.Account = UserAccount
		sc.Users[u.Name] = s.AddUser(u)
	}
	role := func(name string) string { return s.ARN(RoleAccount, "role/"+name) }
	for _, r := range []RoleSpec{
		{Name: "Deploy", RequireMFA: true},
		{Name: "ReadOnly"},
		{Name: "Chained", Trusts: []string{role("ReadOnly")}},
		{Name: "External", ExternalID: "fob-ext"},
		{Name: "LongDay", RequireMFA: true, MaxSessionDuration: 43200},
		{Name: "LongJob", MaxSessionDuration: 43200},
		{Name: "Tagged", TagKeys: []string{"*"}, SourceIdentity: true},
		{Name: "Onward", Trusts: []string{role("Tagged")}, TagKeys: []string{"*"}, SourceIdentity: true},
		{Name: "Nobody", Trusts: []string{"777788889999"}},
		{Name: FromSSO, Trusts: []string{PaymentsAccount}, MaxSessionDuration: 43200},
	} {
		r.Account = RoleAccount
		if r.Trusts == nil {
			r.Trusts = []string{UserAccount}
		}
		sc.Roles[r.Name] = s.AddRole(r)
	}
	s.SetAlias(UserAccount, "fob-users")
	s.SetAlias(RoleAccount, "fob-roles")
	sc.SSO = s.setDefaultSSO()
	return sc
}

// FromSSO is a role of the default scene, for chains: any role of the account
// payments may assume it, and it may last 12 hours where that is no chaining.
const FromSSO = "FromSSO"

// setDefaultSSO adds the instance of the default scene.
func (s *Server) setDefaultSSO() *Instance {
	i := s.AddInstance(InstanceSpec{})
	for _, a := range []AccountSpec{
		{ID: PaymentsAccount, Name: "payments"},
		{ID: "333344445555", Name: "Data Platform"},
		{ID: "555566667777", Name: "sandbox", Email: "aws+sandbox-1@example.com"},
		{ID: "666677778888", Name: "sandbox", Email: "aws+sandbox-2@example.com"},
	} {
		a.Roles = []string{"Admin", "ReadOnly"}
		i.AddAccount(a)
	}
	return i
}
