// Package fakeaws is a strict fake of the AWS endpoints that fob calls, for tests
// and the demo: STS, IAM, and IAM Identity Center (see below). It refuses what AWS refuses, in AWS's words,
// where emulators accept anything: signatures, clocks, MFA codes used twice,
// trust policies, limits of parameters, role chaining, expired sessions.
//
// A test builds its scene in Go:
//
//	aws := fakeaws.New(fakeaws.Options{Now: clock})
//	jane := aws.AddUser(fakeaws.UserSpec{Account: "111122223333", Name: "jane", MFA: true})
//	deploy := aws.AddRole(fakeaws.RoleSpec{Account: "444455556666", Name: "Deploy",
//		Trusts: []string{"111122223333"}, RequireMFA: true})
//	srv := httptest.NewServer(aws)
//	code, err := aws.Code(jane.MFASerial)
//	aws.Fail(fakeaws.Fault{Action: "AssumeRole", Kind: fakeaws.FaultThrottle, Times: 2})
//	…
//	aws.Calls("AssumeRole")
//
// or takes the one of [Server.SetDefault]. STS and IAM are on the path /, told
// apart as AWS tells them by the host, else by the API's version. A signed
// request for any other service is verified and echoed as JSON ([echo.Answer]), so that
// any signer can be tried; [Server.Verifier] does the same within a handler.
//
// All secrets that it makes up contain [Marker].
//
// # Control surface
//
// Scripts that run built binaries start cmd/fakeaws and steer it with POST and
// JSON; unknown members are errors, and so is anything with an Origin header or
// a Host that is not loopback. An error is {"error": "…"} with status 400.
//
//	/_fake/user   a UserSpec: {"account","name","keys","mfa","devices","root","policies"}
//	              → {"account","arn","access_key_id","secret_access_key","mfa_serial","mfa_seed"}
//	/_fake/role   a RoleSpec: {"account","name","trusts","external_id","require_mfa",
//	              "max_session_duration","tag_keys","source_identity","policies"} → {"arn"}
//	/_fake/totp   {"serial"} → {"code"}: valid now, not used yet
//	/_fake/clock  {"advance":"1h"}, {"skew":"-20m"} (absolute), {"keydelay":"10s"},
//	              {"lifetime":"8s"} (cap of what is issued from now on; "0s": none) → {"now","offset"}
//	/_fake/fault  {"action","kind","after","times","delay":"2s","status","code","message"};
//	              kinds: throttle unavailable error slow hang reset lost html truncated
//	/_fake/heal   removes all faults
//	/_fake/key    {"id","status"}: Active, Inactive or Deleted
//	/_fake/alias  {"account","alias"}
//	/_fake/calls  {"action"} (optional) → {"calls", "by_action": {"sts:AssumeRole": 3}}
//	/_fake/log    → a list of [Entry]
//	/_fake/reset  forgets counts, log and faults; the scene, sessions and clock stay
//
// # IAM Identity Center
//
// The OIDC service (sso-oidc: RegisterClient, StartDeviceAuthorization,
// CreateToken), its pages (sso-page: Authorize, Device, and AnswerAuthorize and
// AnswerDevice for their buttons) and the access portal (sso: ListAccounts,
// ListAccountRoles, GetRoleCredentials, Logout) are told apart by their paths, and
// so can share endpoint_url = http://127.0.0.1:PORT. Faults and the log name them
// as the others: sso:GetRoleCredentials. FaultThrottle is a SlowDownException, and
// 429 from the portal; FaultError needs the code in full: InvalidGrantException.
//
//	corp := aws.AddInstance(fakeaws.InstanceSpec{})
//	corp.AddAccount(fakeaws.AccountSpec{ID: "222233334444", Name: "payments", Roles: []string{"Admin"}})
//	corp.AddAccounts(5000, 4)
//	corp.StartURL(srv.URL) // …/start
//	aws.SetSSO(func(c *fakeaws.SSOSettings) { c.Rate, c.Pages = 20, fakeaws.PagesApprove })
//	aws.AnswerDevice("", true)
//	aws.RevokeSSO(fakeaws.RevokeAccess)
//	aws.SSOCounts().Pages
//	aws.Verifiers() // of PKCE, for tests that search for them
//
// The buttons of the pages have the ids approve and deny. Scripts steer it with
//
//	/_fake/sso/instance  an InstanceSpec: {"start_url","region","user"} → the same, filled in
//	/_fake/sso/account   an AccountSpec: {"id","name","email","roles"}, added or changed: what is
//	                     left out stays; {"id","removed":true} removes it. Here and below
//	                     "start_url" tells the instance, as it was added; without it: the first
//	/_fake/sso/accounts  {"count":5000,"roles":4} adds made-up ones → {"accounts"}: how many there are
//	/_fake/sso/scene     {} → {"instance","accounts"}
//	/_fake/sso/settings  [SSOSettings]: {"registration":"2160h","access_token":"1h","session":"8h",
//	                     "code":"10m","role_session":"1h","interval":"1s","pages":"ask","rate":0,
//	                     "burst":0,"retry_after":false,"keep_refresh":false,"no_refresh":false,
//	                     "page_size":20}, what is left out stays → all of them
//	/_fake/sso/device    {"user_code","decision"}: approve or deny; without a code, all → {"answered"}
//	/_fake/sso/revoke    {"what"}: access, refresh, sessions or clients → {"revoked"}
//	/_fake/sso/counts    → [SSOCounts]: {"registrations","pages","device_pages",
//	                     "exchanges":{"refresh_token":1},"credentials":{"222233334444/Admin":1},"throttled"}
//
// # The console
//
// The federation endpoint (signin: getSigninToken, login), its sign-out (logout) and
// its opting in to several sessions (opt-in) are on AWS's paths, /federation, /oauth
// and /sessions/v1/opt-in. A sign-in token is of 15 minutes and one use; it leads to a
// page of the partition's console, which is only named, or to one of the fake's own,
// /SERVICE/home (page), which shows who is signed in: elements with the ids arn,
// account, place, lasts, may and sessions.
//
// # What it does not know
//
// Policies are evaluated for the calls that it knows: those of STS, IAM, ECR and
// CodeCommit, and of other services what X-Amz-Target, Action or, for S3, method and
// path tell. Conditions and managed policies that it does not know are refused when
// a policy is given. PackedPolicySize is an estimate.
// Each instance of Identity Center has one user, whom its pages do not ask who it
// is; a browser's sign-in is not remembered for the next. What AWS does not tell of
// it is guessed: the default size of a page, which error comes first where two
// apply, 404 for the roles of an unknown account. CreateTokenWithIAM is not played.
// Chunk signatures of S3 streaming bodies are not verified.
package fakeaws
