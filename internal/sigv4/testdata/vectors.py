"""Writes vectors.json: what botocore signs, for every case of AWS's own test suite
(aws-sig-v4-test-suite) that it can sign, and for S3, tokens and presigned URLs.
By hand: python3 vectors.py > vectors.json"""
import datetime
import json

import botocore.auth as auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

auth.get_current_datetime = lambda *a, **k: datetime.datetime(2015, 8, 30, 12, 36, 0)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "https://example.amazonaws.com"
FORM = ["Content-Type", "application/x-www-form-urlencoded"]
vectors = []


def case(name, url, method="GET", headers=(), body="", service="service", token=None, expires=0, payload=None):
    request = AWSRequest(method, url, data=body)
    for key, value in headers:
        request.headers[key] = value  # adds, where the name is there already
    if payload:
        request.headers["X-Amz-Content-SHA256"] = payload
    s3 = service == "s3"
    args = [Credentials("AKIDEXAMPLE", SECRET, token), service, "us-east-1"]
    if expires:
        signer = (auth.S3SigV4QueryAuth if s3 else auth.SigV4QueryAuth)(*args, expires=expires)
    else:
        signer = (auth.S3SigV4Auth if s3 else auth.SigV4Auth)(*args)
    if s3 and payload:
        signer.payload = lambda _: payload
    canonical = []
    make = signer.canonical_request
    signer.canonical_request = lambda r: canonical.append(make(r)) or canonical[0]
    signer.add_auth(request)
    v = {"name": name, "method": method, "url": url, "headers": [list(h) for h in headers], "body": body, "service": service,
         "token": token or "", "expires": expires, "payload": payload or "", "canonical": canonical[0]}
    if expires:
        v["signature"] = request.url.rsplit("X-Amz-Signature=", 1)[1]
    else:
        v["authorization"] = request.headers["Authorization"]
    vectors.append(v)


unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
# The suite's categories, by its names.
case("get-header-key-duplicate", HOST + "/", headers=[("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")])
case("get-header-value-order", HOST + "/", headers=[("My-Header1", v) for v in ("value4", "value1", "value3", "value2")])
case("get-header-value-trim", HOST + "/", headers=[("My-Header1", " value1"), ("My-Header2", ' "a   b   c"')])
case("get-unreserved", HOST + "/" + unreserved)
case("get-utf8", HOST + "/\u1234")
case("get-space", HOST + "/example space/")
case("get-percent", HOST + "/%20/%E1%88%B4/%2f/%2F")
case("get-reserved", HOST + "/!$&'()*+,;=:@[]")
case("get-vanilla", HOST + "/")
case("get-vanilla-no-path", HOST)
case("get-vanilla-empty-query-key", HOST + "/?Param1=value1")
case("get-vanilla-query", HOST + "/?")
case("get-vanilla-query-order-key", HOST + "/?Param1=value2&Param1=Value1")
case("get-vanilla-query-order-key-case", HOST + "/?Param2=value2&Param1=value1")
case("get-vanilla-query-order-value", HOST + "/?Param1=value2&Param1=value1")
case("get-vanilla-query-order-encoded", HOST + "/?Param-3=1&Param%203=2&Param=3&Param.=4")
case("get-vanilla-query-unreserved", HOST + "/?" + unreserved + "=" + unreserved)
case("get-vanilla-query-empty", HOST + "/?b&a=")
case("get-vanilla-query-encoded", HOST + "/?%E1%88%B4=bar&slash=%2F&plus=%2B&space=%20&percent=%25")
case("get-vanilla-utf8-query", HOST + "/?%E1%88%B4=bar")
for name, path in [("relative", "/example/.."), ("relative-relative", "/example1/example2/../.."), ("slash", "//"),
                   ("slash-dot-slash", "/./"), ("slash-pointless-dot", "/./example"), ("slashes", "//example//"),
                   ("above", "/../../a"), ("end-dot", "/a/."), ("end-dots", "/a/b/.."), ("dots-in-names", "/.../a../..b"), ("encoded", "/a/%2e%2E/b")]:
    case("normalize-" + name, HOST + path)
case("post-header-key-case", HOST + "/", "POST")
case("post-header-key-sort", HOST + "/", "POST", headers=[("My-Header1", "value1")])
case("post-header-value-case", HOST + "/", "POST", headers=[("My-Header1", "VALUE1")])
case("post-sts-header-before", HOST + "/", "POST", token="AQoDYXdzEPT//////////wEXAMPLE+/=")
case("post-vanilla", HOST + "/", "POST")
case("post-vanilla-empty-query-value", HOST + "/?Param1=value1", "POST")
case("post-vanilla-query", HOST + "/?Param1=value1", "POST")
case("post-x-www-form-urlencoded", HOST + "/", "POST", headers=[FORM], body="Param1=value1")
case("post-x-www-form-urlencoded-parameters", HOST + "/", "POST", headers=[[FORM[0], FORM[1] + "; charset=utf8"]], body="Param1=value1")
case("left-out", HOST + "/", headers=[("User-Agent", "x"), ("X-Amzn-Trace-Id", "x"), ("Connection", "close"), ("Expect", "100-continue"),
                                      ("Transfer-Encoding", "chunked"), ("TE", "trailers"), ("Trailer", "x"), ("Keep-Alive", "x"),
                                      ("Proxy-Authorization", "x"), ("Upgrade", "x"), ("Accept", "*/*")])
case("sorted-names", HOST + "/", headers=[("X-B", "1"), ("X-A-B", "2"), ("X-A", "3"), ("x-amz-meta-a", "4"), ("Abc", "")])
case("methods", HOST + "/a", "DELETE")
# Ports.
for url in "http://example.com:80/", "https://example.com:443/", "http://example.com:443/", "https://example.com:8443/", "https://[::1]:8443/", "https://[::1]/":
    case("port " + url, url)
case("host header", "http://127.0.0.1:9200/_search", headers=[("Host", "search.example.com")], service="es")
# Common requests: STS, S3, and presigned URLs.
GCI = "Action=GetCallerIdentity&Version=2011-06-15"
UTF = ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
case("sts", "https://sts.us-east-1.amazonaws.com/", "POST", headers=[UTF], body=GCI, service="sts")
case("sts token", "https://sts.us-east-1.amazonaws.com/", "POST", headers=[UTF], body=GCI, service="sts", token="TOKEN/+=")
case("s3", "https://bkt.s3.amazonaws.com/a%20b/%E2%82%AC//x/../y", service="s3")
case("execute-api", "https://abc.execute-api.us-east-1.amazonaws.com/prod/a%20b/%E2%82%AC//x/../y?b=2&a=1&a=0", service="execute-api")
case("lambda", "https://xyz.lambda-url.us-east-1.on.aws/", "POST", headers=[("Content-Type", "application/json")], body="{}", service="lambda")
case("es", "http://localhost:9200/_cat/indices?v", service="es")
# S3.
case("s3 body", "https://bkt.s3.amazonaws.com/k", "PUT", body="hello", service="s3", token="TOKEN/+=")
case("s3 unsigned", "https://bkt.s3.amazonaws.com/k", "PUT", body="hello", service="s3", payload="UNSIGNED-PAYLOAD")
case("s3 streaming", "https://bkt.s3.amazonaws.com/k", "PUT", service="s3", payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
case("s3 subresource", "https://bkt.s3.amazonaws.com/?acl", service="s3")
case("s3 list", "https://bkt.s3.amazonaws.com/?list-type=2&prefix=a%2Fb&delimiter=%2F", service="s3")
# Presigned.
case("presign", HOST + "/", expires=3600)
case("presign post", HOST + "/", "POST", expires=60)
case("presign s3", "https://bkt.s3.amazonaws.com/k", service="s3", expires=900)
case("presign s3 token", "https://bkt.s3.amazonaws.com/k", service="s3", expires=900, token="TOKEN/+=")
case("presign s3 path", "https://bkt.s3.amazonaws.com/a%20b//c/../d?versionId=x%2Fy", service="s3", expires=604800)
case("presign eks", "https://sts.us-east-1.amazonaws.com/?" + GCI, headers=[("x-k8s-aws-id", "mycluster")], service="sts", expires=60)
case("presign normalised", "https://abc.execute-api.us-east-1.amazonaws.com/prod/a%20b//x/../y?b=2&a=1&c=", service="execute-api", expires=1)
case("presign rds", "https://db.x.us-east-1.rds.amazonaws.com:3306/?Action=connect&DBUser=jane%40b", service="rds-db", expires=900, token="TOKEN/+=")
print(json.dumps({"id": "AKIDEXAMPLE", "secret": SECRET, "time": "20150830T123600Z", "region": "us-east-1", "cases": vectors}, indent=1))
