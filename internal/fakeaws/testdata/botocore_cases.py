"""Drives the fake with boto3; reads the scene from stdin, fails by assertion."""
import json
import sys
import urllib.request

import boto3
from botocore.auth import SigV4Auth, S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

scene = json.load(sys.stdin)
url, jane, bot = scene["url"], scene["users"]["jane"], scene["users"]["bot"]
once = Config(retries={"max_attempts": 0}, parameter_validation=False)


def control(name, **body):
    req = urllib.request.Request(url + "/_fake/" + name, data=json.dumps(body).encode(), method="POST")
    with urllib.request.urlopen(req) as resp:
        return json.load(resp)


def keys(of):
    if "AccessKeyId" in of:
        return of["AccessKeyId"], of["SecretAccessKey"], of["SessionToken"]
    return of["access_key_id"], of["secret_access_key"], None


def client(service, of, region="eu-west-1"):
    key, secret, token = keys(of)
    # Without being told, boto3 presigns for S3 with Signature Version 2.
    config = once.merge(Config(signature_version="s3v4")) if service == "s3" else once
    return boto3.client(service, endpoint_url=url, region_name=region, config=config,
                        aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)


def refused(code, call, **args):
    try:
        call(**args)
    except ClientError as e:
        assert e.response["Error"]["Code"] == code, e
        assert e.response["ResponseMetadata"]["RequestId"], e
        return
    raise AssertionError("not refused with " + code)


sts = client("sts", jane)
assert sts.get_caller_identity()["Arn"] == jane["arn"]
deploy = {"RoleArn": scene["roles"]["Deploy"], "RoleSessionName": "botocore"}
refused("AccessDenied", sts.assume_role, **deploy)
refused("ValidationError", sts.assume_role, RoleArn="x", RoleSessionName="a b")
mfa = {"SerialNumber": jane["mfa_serial"], "TokenCode": control("totp", serial=jane["mfa_serial"])["code"]}
session = sts.get_session_token(**mfa)["Credentials"]
refused("AccessDenied", sts.get_session_token, **mfa)
role = client("sts", session).assume_role(**deploy)
assert role["AssumedRoleUser"]["Arn"] == "arn:aws:sts::444455556666:assumed-role/Deploy/botocore"
refused("ValidationError", client("sts", session).assume_role, DurationSeconds=7200, **deploy)
policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
tagged = sts.assume_role(RoleArn=scene["roles"]["Tagged"], RoleSessionName="a+b=c,d@e", Policy=policy, SourceIdentity="jane",
                         Tags=[{"Key": "Team", "Value": "a b/c+d=ü"}], TransitiveTagKeys=["Team"])
assert 0 < tagged["PackedPolicySize"] <= 100 and tagged["SourceIdentity"] == "jane"
refused("InvalidParameterValue", client("sts", tagged["Credentials"]).assume_role, RoleArn=scene["roles"]["Onward"],
        RoleSessionName="next", Tags=[{"Key": "team", "Value": "b"}])

iam = client("iam", session, "us-east-1")
assert iam.get_user()["User"]["UserName"] == "jane"
iam.create_access_key()
refused("LimitExceeded", iam.create_access_key)
assert len(iam.list_access_keys()["AccessKeyMetadata"]) == 2
refused("SignatureDoesNotMatch", client("iam", jane, "eu-west-1").get_user)
refused("InvalidClientTokenId", client("iam", client("sts", bot).get_session_token()["Credentials"], "us-east-1").get_user)

# Presigned, as EKS does it, and signers alone.
with urllib.request.urlopen(sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET")) as resp:
    assert jane["arn"] in resp.read().decode()
s3 = client("s3", role["Credentials"], "us-east-1")
s3.put_object(Bucket="bucket", Key="a b/€//x/../y+z", Body=b"hello")
with urllib.request.urlopen(s3.generate_presigned_url("get_object", Params={"Bucket": "b", "Key": "a b/€+"})) as resp:
    assert json.load(resp)["Presigned"]
for signer, service, path in (SigV4Auth, "execute-api", "/prod/a%20b/%E2%82%AC//x/../y?b=2&a=1&a=0&c=%2F"), (S3SigV4Auth, "s3", "/b/a%20b//c"):
    request = AWSRequest("GET", url + path)
    signer(Credentials(*keys(role["Credentials"])), service, "us-east-1").add_auth(request)
    prepared = request.prepare()
    with urllib.request.urlopen(urllib.request.Request(prepared.url, headers=dict(prepared.headers))) as resp:
        assert json.load(resp)["Service"] == service

# IAM Identity Center, as botocore types its errors and reads its answers.
oidc, portal = (boto3.client(name, endpoint_url=url, region_name="us-east-1", config=once) for name in ("sso-oidc", "sso"))
registered = oidc.register_client(clientName="botocore", clientType="public", scopes=["sso:account:access"])
me = {"clientId": registered["clientId"], "clientSecret": registered["clientSecret"]}
device = oidc.start_device_authorization(startUrl=url + "/start", **me)
ask = dict(grantType="urn:ietf:params:oauth:grant-type:device_code", deviceCode=device["deviceCode"], **me)
try:
    oidc.create_token(**ask)
    raise AssertionError("signed in without its user")
except oidc.exceptions.AuthorizationPendingException as e:
    assert e.response["error"] == "authorization_pending", e.response
try:
    oidc.create_token(**ask)
    raise AssertionError("asked too early")
except oidc.exceptions.SlowDownException:
    pass
control("sso/device", user_code=device["userCode"], decision="approve")
control("clock", advance="10s")
token = oidc.create_token(**ask)
account = portal.list_accounts(accessToken=token["accessToken"])["accountList"][0]
assert account["accountName"] == "payments", account
listed = portal.get_paginator("list_account_roles").paginate(
    accessToken=token["accessToken"], accountId=account["accountId"], PaginationConfig={"PageSize": 1})
assert [r["roleName"] for page in listed for r in page["roleList"]] == ["Admin", "ReadOnly"]
got = portal.get_role_credentials(accessToken=token["accessToken"], accountId=account["accountId"], roleName="Admin")["roleCredentials"]
got = {"AccessKeyId": got["accessKeyId"], "SecretAccessKey": got["secretAccessKey"], "SessionToken": got["sessionToken"]}
assert "/AWSReservedSSO_Admin_" in client("sts", got).get_caller_identity()["Arn"]
refused("ForbiddenException", portal.get_role_credentials, accessToken=token["accessToken"], accountId=account["accountId"], roleName="No")
portal.logout(accessToken=token["accessToken"])
refused("UnauthorizedException", portal.list_accounts, accessToken=token["accessToken"])
refused("InvalidGrantException", oidc.create_token, grantType="refresh_token", refreshToken=token["refreshToken"], **me)
control("clock", skew="0s")

# A client that is an hour off.
control("clock", skew="1h")
refused("SignatureDoesNotMatch", client("sts", bot).get_caller_identity)
