package identity

import (
	"fmt"
	"strings"

	"fob/internal/fakeaws/wire"
)

// Policies to attach to users and roles: documents that say what tests need often.
const (
	// OwnPolicy is what a user has who is given no policies: everything, but of
	// IAM only what concerns itself. A role has it too, and so nothing of IAM
	// but the account's alias.
	OwnPolicy = `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
		{"Effect": "Allow", "Action": "iam:ListAccountAliases", "Resource": "*"},
		{"Effect": "Allow", "Action": "iam:*", "Resource": "arn:*:iam::*:user/${aws:username}"}]}`
	// EnforceMFA is the policy of AWS's manual that denies nearly all without MFA.
	EnforceMFA = `{"Version": "2012-10-17", "Statement": {"Sid": "DenyAllExceptListedIfNoMFA", "Effect": "Deny",
		"NotAction": ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetUser", "iam:GetMFADevice", "iam:ListMFADevices",
			"iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "sts:GetSessionToken"],
		"Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}}`
)

// managed are AWS's own policies, by the name behind arn:aws:iam::aws:policy/, as
// far as they concern what the fake can be asked. ReadOnlyAccess lists services, as
// AWS's does: what it does not name, it does not allow.
func managed(name string) (document string, ok bool) {
	document, ok = map[string]string{
		"AdministratorAccess": `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}`,
		"PowerUserAccess": `{"Version": "2012-10-17", "Statement": [
			{"Effect": "Allow", "NotAction": ["iam:*", "organizations:*", "account:*"], "Resource": "*"},
			{"Effect": "Allow", "Action": ["iam:ListRoles", "organizations:DescribeOrganization", "account:ListRegions"], "Resource": "*"}]}`,
		"ReadOnlyAccess": `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*", "Action": [
			"codecommit:BatchGet*", "codecommit:Describe*", "codecommit:Get*", "codecommit:GitPull", "codecommit:List*",
			"dynamodb:BatchGet*", "dynamodb:Describe*", "dynamodb:Get*", "dynamodb:List*", "dynamodb:Query", "dynamodb:Scan",
			"ec2:Describe*", "ec2:Get*", "ecr:BatchCheck*", "ecr:BatchGet*", "ecr:Describe*", "ecr:Get*", "ecr:List*",
			"ecr-public:BatchCheckLayerAvailability", "ecr-public:Describe*", "ecr-public:Get*", "ecr-public:List*",
			"iam:Generate*", "iam:Get*", "iam:List*", "kms:Describe*", "kms:Get*", "kms:List*", "lambda:Get*", "lambda:List*",
			"logs:Describe*", "logs:FilterLogEvents", "logs:Get*", "logs:List*", "organizations:Describe*", "organizations:List*",
			"s3:DescribeJob", "s3:Get*", "s3:List*", "secretsmanager:Describe*", "secretsmanager:GetResourcePolicy", "secretsmanager:List*",
			"sqs:Get*", "sqs:List*", "ssm:Describe*", "ssm:Get*", "ssm:List*",
			"sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetSessionToken"]}}`,
		"IAMReadOnlyAccess": `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*",
			"Action": ["iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:Get*", "iam:List*", "iam:SimulateCustomPolicy", "iam:SimulatePrincipalPolicy"]}}`,
		"AmazonS3ReadOnlyAccess": `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Resource": "*", "Action": ["s3:Get*", "s3:List*", "s3:Describe*"]}}`,
	}[name]
	return document, ok
}

// AddPolicy adds a managed policy of an account, and gives its ARN.
func (s *Store) AddPolicy(account, name, document string) (string, error) {
	p, err := parsePolicy(document)
	if err != nil {
		return "", err
	}
	if err := wire.CheckAccount(account); err != nil || name == "" {
		return "", fmt.Errorf("policy %q: needs an account and a name", name)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	arn := s.ARN(account, "policy/"+name)
	s.policies[arn] = p
	return arn, nil
}

// managedPolicy finds a managed policy, of AWS or of the account. AWS does not
// document what it answers to the ARN of no policy; here it is what it answers to
// what is no ARN.
func (s *Store) managedPolicy(account, arn string) (policy, error) {
	if document, ok := managed(strings.TrimPrefix(arn, s.ARN("aws", "policy/"))); ok {
		return parsePolicy(document)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.policies[arn]; p != nil && strings.HasPrefix(arn, s.ARN(account, "policy/")) {
		return p, nil
	}
	return nil, wire.Invalid("ARN " + arn + " is not valid.")
}

// SessionPolicies reads what narrows a session in an account: a document, which
// may be empty, and managed policies. The session may do what any of them allows.
// None at all give nil, which narrows nothing.
func (s *Store) SessionPolicies(account, document string, arns []string) (SessionPolicies, error) {
	var all SessionPolicies
	for _, arn := range arns {
		p, err := s.managedPolicy(account, arn)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	if document == "" {
		return all, nil
	}
	p, err := parsePolicy(document)
	if err != nil {
		return nil, err
	}
	return append(all, p), nil
}

// SessionPolicies narrow a session; nil: it is not narrowed.
type SessionPolicies []policy

// attached reads a user's or role's policies: ARNs and documents; without any it
// has [OwnPolicy].
func (s *Store) attached(account string, list []string) ([]policy, error) {
	if len(list) == 0 {
		list = []string{OwnPolicy}
	}
	var all []policy
	for _, text := range list {
		read := func() (policy, error) { return parsePolicy(text) }
		if strings.HasPrefix(text, "arn:") {
			read = func() (policy, error) { return s.managedPolicy(account, text) }
		}
		p, err := read()
		if err != nil {
			return nil, fmt.Errorf("policy %.60s: %w", text, err)
		}
		all = append(all, p)
	}
	return all, nil
}
