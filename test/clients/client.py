"""boto3 as a client: see README.md for the arguments and the answers."""

import json
import os
import sys

import boto3
import botocore


def client(name, service="sts"):
    session = boto3.Session(profile_name=None if name == "-" else name)
    # Before 1.31 botocore did not read endpoint_url from files.
    old = tuple(int(n) for n in botocore.__version__.split(".")[:2]) < (1, 31)
    # region_name: profiles of fob's tests have one; IAM has one for all.
    return session.client(service, endpoint_url=os.environ["CLIENT_ENDPOINT"] if old else None)


def answer(name, ask):
    try:
        got = {"arn": ask()}
    except Exception as e:  # whatever an SDK throws is the answer
        got = {"error": "%s: %s" % (type(e).__name__, e)}
    print(json.dumps({"profile": name, **got}), flush=True)


def identity(sts):
    return sts.get_caller_identity()["Arn"]


def main(action, *args):
    if action == "identities":
        for name in args:
            answer(name, lambda: identity(client(name)))
    elif action == "keys":  # of the calling user, by IAM
        answer(args[0], lambda: ",".join(k["UserName"] for k in client(args[0], "iam").list_access_keys()["AccessKeyMetadata"]))
    elif action == "steps":  # a call for each line of standard input, with one client
        sts = client(args[0])
        for _ in sys.stdin:
            answer(args[0], lambda: identity(sts))
    elif action == "expiry":  # in how many seconds the SDK believes its credentials end
        credentials = boto3.Session(profile_name=None).get_credentials()
        credentials.get_frozen_credentials()
        print(json.dumps({"profile": args[0], "arn": str(credentials._seconds_remaining())}), flush=True)
    elif action == "users":  # makes a user, lists all, and deletes it
        iam = client(args[0], "iam")
        iam.create_user(UserName=args[1])
        answer(args[0], lambda: ",".join(sorted(u["Arn"] for u in iam.list_users()["Users"])))
        iam.delete_user(UserName=args[1])
    else:
        sys.exit("no action " + action)


main(*sys.argv[1:])
