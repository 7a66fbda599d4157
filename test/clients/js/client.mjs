// The AWS SDK for JavaScript v3 as a client: see ../README.md for the arguments
// and the answers.
import { createInterface } from 'node:readline'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { defaultProvider } from '@aws-sdk/credential-provider-node'
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
} else if (action === 'steps') { // a call for each line of standard input, with one client
  const [name] = args
  if (name !== '-') process.env.AWS_PROFILE = name
  // The default chain, for a busy machine: a server may answer late at times.
  const sts = new STSClient({ credentials: defaultProvider({ timeout: 10_000, maxRetries: 20 }) })
  for await (const _ of createInterface({ input: process.stdin })) await answer(name, sts)
} else {
  throw new Error(`no action ${action}`)
}
