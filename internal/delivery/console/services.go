package console

import (
	"slices"
	"strings"
)

// service is a console page that has short names.
type service struct {
	names  []string // the first is the preferred one
	page   string   // path, and fragment, without the leading slash
	global bool     // the page belongs to no region
}

// services is the table of short names, sorted by the first. The paths are those in the console's
// own menu.
func services() []service {
	of := func(names, page string) service { return service{strings.Fields(names), page, false} }
	global := func(names, page string) service { return service{strings.Fields(names), page, true} }
	return []service{
		of("acm certificates", "acm/home"),
		of("amplify", "amplify/apps"),
		of("apigw apigateway", "apigateway/main/apis"),
		of("apprunner", "apprunner/home"),
		of("appsync", "appsync/home"),
		of("athena", "athena/home"),
		of("backup", "backup/home"),
		of("batch", "batch/home"),
		of("bedrock", "bedrock/home"),
		global("billing", "billing/home"),
		of("cfn cloudformation", "cloudformation/home"),
		global("cloudfront cf", "cloudfront/v4/home"),
		of("cloudtrail trail", "cloudtrailv2/home"),
		of("codeartifact", "codesuite/codeartifact/home"),
		of("codebuild cb", "codesuite/codebuild/home"),
		of("codecommit", "codesuite/codecommit/home"),
		of("codedeploy", "codesuite/codedeploy/home"),
		of("codepipeline cp", "codesuite/codepipeline/home"),
		of("cognito", "cognito/v2/home"),
		of("config", "config/home"),
		of("controltower", "controltower/home"),
		global("costs ce cost-explorer", "cost-management/home"),
		of("cw cloudwatch", "cloudwatch/home"),
		of("ddb dynamodb", "dynamodbv2/home"),
		of("dms", "dms/v2/home"),
		of("docdb", "docdb/home"),
		of("ebs volumes", "ec2/home#Volumes:"),
		of("ec2", "ec2/home"),
		of("ecr", "ecr/private-registry/repositories"),
		of("ecs", "ecs/v2/clusters"),
		of("efs", "efs/home"),
		of("eks", "eks/clusters"),
		of("elasticache redis", "elasticache/home"),
		of("elasticbeanstalk eb", "elasticbeanstalk/home"),
		of("elb alb nlb", "ec2/home#LoadBalancers:"),
		of("emr", "emr/home"),
		of("events eventbridge", "events/home"),
		of("firehose", "firehose/home"),
		of("glue", "glue/home"),
		of("grafana amg", "grafana/home"),
		of("guardduty gd", "guardduty/home"),
		global("iam", "iam/home"),
		of("idc sso identity-center", "singlesignon/home"),
		of("inspector", "inspector/v2/home"),
		of("iot", "iot/home"),
		of("kinesis", "kinesis/home"),
		of("kms", "kms/home"),
		of("lambda l", "lambda/home"),
		of("logs", "cloudwatch/home#logsV2:log-groups"),
		of("macie", "macie/home"),
		of("mq", "amazon-mq/home"),
		of("msk kafka", "msk/home"),
		of("mwaa airflow", "mwaa/home"),
		of("neptune", "neptune/home"),
		of("opensearch aos es", "aos/home"),
		global("organizations org", "organizations/v2/home"),
		of("params parameters", "systems-manager/parameters"),
		of("ram", "ram/home"),
		of("rds", "rds/home"),
		of("redshift", "redshiftv2/home"),
		of("resource-groups rg", "resource-groups/home"),
		global("route53 r53 dns", "route53/v2/home"),
		of("s3", "s3/home"),
		of("sagemaker", "sagemaker/home"),
		of("secretsmanager sm secrets", "secretsmanager/home"),
		of("securityhub", "securityhub/home"),
		of("servicecatalog", "servicecatalog/home"),
		of("servicequotas quotas", "servicequotas/home"),
		of("ses", "ses/home"),
		of("sfn stepfunctions states", "states/home"),
		of("sns", "sns/v3/home"),
		of("sqs", "sqs/v3/home"),
		of("ssm", "systems-manager/home"),
		global("support", "support/home"),
		of("transfer", "transfer/home"),
		global("trustedadvisor ta", "trustedadvisor/home"),
		of("vpc", "vpcconsole/home"),
		of("waf wafv2", "wafv2/homev2"),
		of("workspaces", "workspaces/v2/home"),
		of("xray", "xray/home"),
	}
}

// find returns the service of a name. A name without an entry is used as the path.
func find(name string) service {
	for _, s := range services() {
		if slices.Contains(s.names, strings.ToLower(name)) {
			return s
		}
	}
	return service{[]string{name}, strings.Trim(name, "/") + "/home", false}
}
