// The AWS SDK for JavaScript v3 as a client: see ../README.md for the arguments
// and the answers.
import { setTimeout as sleep } from 'node:timers/promises'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { fromIni } from '@aws-sdk/credential-provider-ini'

// By the environment, not by the option "profile": that one chooses credentials
// and region, but endpoint_url is still looked up in AWS_PROFILE or [default].
function client(name) {
  if (name !== '-') process.env.AWS_PROFILE = name
  return new STSClient({})
}

async function answer(name, sts) {
  let got
  try {
    got = { arn: (await sts.send(new GetCallerIdentityCommand({}))).Arn }
  } catch (e) {
    got = { error: `${e.name}: ${e.message}` }
    // The default chain says only that no provider had credentials. Programs
    // that name the provider get to see why.
    if (e.name === 'CredentialsProviderError') {
      await fromIni({ profile: name })().catch((why) => { got.why = `${why.name}: ${why.message}` })
    }
  }
  console.log(JSON.stringify({ profile: name, ...got }))
}

const [action, ...args] = process.argv.slice(2)
if (action === 'identities') {
  for (const name of args) await answer(name, client(name))
} else if (action === 'loop') {
  const [seconds, pause, name] = args
  const sts = client(name)
  for (const end = performance.now() + seconds * 1000; performance.now() < end; await sleep(pause * 1000)) {
    await answer(name, sts)
  }
} else {
  throw new Error(`no action ${action}`)
}
