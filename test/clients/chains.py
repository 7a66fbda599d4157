# What botocore makes of profile p0 in each config file named on standard input: the
# access key at the root of its chain, and the roles in the order in which it assumes them.
import datetime
import json
import sys

from botocore import credentials, session


def trace(path):
    calls = []

    class STS:
        def __init__(self, key):
            self.key = key

        def assume_role(self, **given):
            calls.append((self.key, given['RoleArn']))
            until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
            return {'Credentials': {'AccessKeyId': 'ASIA', 'SecretAccessKey': 's', 'SessionToken': 't', 'Expiration': until}}

    s = session.Session(profile='p0')
    s.set_config_variable('config_file', path)
    s.set_config_variable('credentials_file', path + '.none')
    provider = credentials.AssumeRoleProvider(
        load_config=lambda: s.full_config,
        client_creator=lambda service, **given: STS(given.get('aws_access_key_id')),
        cache={}, profile_name='p0',
        profile_provider_builder=credentials.ProfileProviderBuilder(s))
    provider.load().get_frozen_credentials()
    return [calls[0][0]] + [arn for _, arn in calls]


for line in sys.stdin:
    try:
        print(json.dumps({'steps': trace(line.strip())}))
    except Exception as e:
        print(json.dumps({'refused': repr(e)}))
