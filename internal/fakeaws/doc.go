// Package fakeaws is a strict fake of the AWS endpoints that fob calls, for tests and
// the demo. It refuses what AWS refuses, in AWS's words, where emulators accept
// anything: signatures, clocks, regions, MFA codes used twice, policies of users, roles
// and sessions, trust policies, limits of parameters, role chaining, expired sessions.
//
// # A scene
//
// A test builds its scene in Go, or takes the one of [Server.SetDefault]:
//
//	aws := fakeaws.New(fakeaws.Options{Now: clock})
//	jane := aws.AddUser(fakeaws.UserSpec{Account: "111122223333", Name: "jane", MFA: true})
//	deploy := aws.AddRole(fakeaws.RoleSpec{Account: "444455556666", Name: "Deploy",
//		Trusts: []string{"111122223333"}, RequireMFA: true})
//	corp := aws.AddInstance(fakeaws.InstanceSpec{}) // of IAM Identity Center
//	corp.AddAccount(fakeaws.AccountSpec{ID: "222233334444", Name: "payments", Roles: []string{"Admin"}})
//	srv := httptest.NewServer(aws)
//	…
//	code, err := aws.Code(jane.MFASerial)                  // good once
//	aws.Fail(fakeaws.Fault{Action: "AssumeRole", Kind: fakeaws.FaultThrottle, Times: 2})
//	aws.Advance(time.Hour)                                 // or SetSkew: the clock is wrong
//	aws.SetRegion("111122223333", "eu-south-1", true)      // opt-in regions are off
//	aws.RevokeSSO(fakeaws.RevokeAccess)
//	aws.Calls("sts:AssumeRole")                            // see also Log, SSOCounts
//
// There may be any number of users, each with keys, MFA devices and policies of its
// own; [UserSpec] says what a user has. All secrets that the fake makes up contain
// [Marker], so that a search finds a leak of any; code verifiers (PKCE), which clients
// make, are in [Server.Verifiers].
//
// # Which service answers
//
// All services share one address, so that endpoint_url = http://127.0.0.1:PORT does
// for all, and are told apart by host, path, version or target. There every region is
// served, unless [Options].Region names one. Package edge puts AWS's own host names in
// front, with TLS, HTTP/2 and a proxy; the host then says service and region.
//
//	sts, iam       the query protocol; IAM as far as users care for themselves
//	sso-oidc       RegisterClient, StartDeviceAuthorization, CreateToken
//	sso-page       its pages: Authorize and Device, AnswerAuthorize and AnswerDevice for
//	               their buttons, which have the ids approve and deny
//	sso            the access portal: ListAccounts, ListAccountRoles, GetRoleCredentials, Logout
//	signin         the console: getSigninToken, login, logout, opt-in, and pages (page), with
//	               elements of the ids arn, account, place, lasts, may and sessions
//	ec2            DescribeInstances: one instance, in the region that was asked
//	ecr, ecr-public  GetAuthorizationToken
//	any other      the signature is verified, for whatever service and region it is, and
//	               who signed what is answered as JSON ([echo.Answer])
//
// Faults, counts and the log use these names: sso:GetRoleCredentials. [FaultThrottle]
// is each service's own throttling; [FaultError] needs the code in full:
// InvalidGrantException. [Server.Verifier] verifies within a test's own handler.
//
// A service is a folder that implements [service.Service], and a line in services.go.
// It sees the clock, the identities and Identity Center, and no other service. A test
// reaches what one service has of its own by [Of].
//
// # Control surface
//
// Scripts that run built binaries start cmd/fakeaws (with --ca FILE: with package edge
// in front) and steer it with POST and JSON
// to /_fake/NAME. Unknown members are errors, and so is anything with an Origin header
// or a Host that is not loopback. An error is {"error": "…"} with status 400.
//
//	user    a UserSpec: {"account","name","keys","mfa","devices","root","policies"}
//	        → {"account","arn","access_key_id","secret_access_key","mfa_serial","mfa_seed",
//	        "devices":[{"serial","seed"}] where there are several}
//	role    a RoleSpec: {"account","name","trusts","external_id","require_mfa",
//	        "max_session_duration","tag_keys","source_identity","policies"} → {"arn"}
//	policy  {"account","name","document":{…}}: a managed policy of the account → {"arn"}
//	region  {"account","region","on":true}
//	totp    {"serial"} → {"code"}: valid now, not used yet
//	clock   {"advance":"1h"}, {"skew":"-20m"} (absolute), {"keydelay":"10s"},
//	        {"lifetime":"8s"} (cap of what is issued from now on; "0s": none) → {"now","offset"}
//	fault   {"action","kind","after","times","delay":"2s","status","code","message"};
//	        kinds: throttle unavailable error slow hang reset lost html truncated
//	heal    removes all faults
//	key     {"id","status"}: Active, Inactive or Deleted
//	alias   {"account","alias"}
//	calls   {"action"} (optional) → {"calls", "by_action": {"sts:AssumeRole": 3}}
//	log     → a list of [Entry]
//	reset   forgets counts, log and faults; the scene, sessions and clock stay
//
// For IAM Identity Center, where "start_url" tells the instance, as it was added;
// without it: the first:
//
//	sso/instance  an InstanceSpec: {"start_url","region","user"} → the same, filled in
//	sso/account   an AccountSpec: {"id","name","email","roles"}, added or changed: what is
//	              left out stays; {"id","removed":true} removes it
//	sso/accounts  {"count":5000,"roles":4} adds made-up ones → {"accounts"}: how many there are
//	sso/scene     {} → {"instance","accounts"}
//	sso/settings  [SSOSettings]: {"registration":"2160h","access_token":"1h","session":"8h",
//	              "code":"10m","role_session":"1h","interval":"1s","pages":"ask","rate":0,
//	              "burst":0,"retry_after":false,"keep_refresh":false,"no_refresh":false,
//	              "page_size":20}, what is left out stays → all of them
//	sso/device    {"user_code","decision"}: approve or deny; without a code, all → {"answered"}
//	sso/revoke    {"what"}: access, refresh, sessions or clients → {"revoked"}
//	sso/counts    → [SSOCounts]: {"registrations","pages","device_pages",
//	              "exchanges":{"refresh_token":1},"credentials":{"222233334444/Admin":1},"throttled"}
//
// # What it does not know
//
// Policies are evaluated for the calls that it knows: those of STS, IAM, EC2,
// ECR and CodeCommit, and of other services what X-Amz-Target, Action or, for S3, method and
// path tell. Conditions and managed policies that it does not know are refused when a
// policy is given; there are no permissions boundaries and no service control policies.
// PackedPolicySize is an estimate. A key of an account is known in its disabled regions.
// Each instance of Identity Center has one user, whom its pages do not ask who it is; a
// browser's sign-in is not remembered for the next. What AWS does not tell of it is
// guessed: the default size of a page, which error comes first where two apply, 404 for
// the roles of an unknown account, what a wrong region answers to a registration.
// CreateTokenWithIAM is not played. Chunk signatures of S3 streaming bodies are not
// verified.
package fakeaws
