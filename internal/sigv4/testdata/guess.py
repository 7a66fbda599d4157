"""Writes hosts.txt: host, signing name and signing region of every service that
botocore knows, with its dual-stack and FIPS variants, in one region; of the other
partitions the plain hosts of some services, and all that have no region.
By hand: python3 guess.py > hosts.txt"""
import re
import sys
from urllib.parse import urlsplit

import botocore.session
from botocore.config import Config

session = botocore.session.get_session()
session.set_credentials("AKIDEXAMPLE", "x")
regions = ["eu-west-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "us-isob-east-1", "eusc-de-east-1"]
some = {"sts", "iam", "s3", "s3control", "lambda", "apigateway", "bedrock-runtime", "logs", "cloudwatch", "sesv2", "dynamodbstreams"}
hosts = {}
for service in session.get_available_services():
    for region in regions:
        for config in {}, {"use_dualstack_endpoint": True}, {"use_fips_endpoint": True}:
            try:
                client = session.create_client(service, region, config=Config(**config))
            except Exception:
                continue  # the service is not there
            model = client.meta.service_model
            host = urlsplit(client.meta.endpoint_url or "").hostname
            if not host or not model.signing_name or model.signature_version in ("bearer", "none", "v2"):
                continue
            if re.search(r"\.aws-\S+-global\.|\.aws-global\.", host):
                continue  # botocore makes these up
            if region == "eu-west-1" or region not in host or service in some and not config:
                hosts[host] = model.signing_name, client._request_signer.region_name
    print(service, end=" ", file=sys.stderr)
for host in sorted(hosts):
    print(host, *hosts[host])
