// What the SDK for JavaScript makes of profile p0 in each config file named on standard
// input: the access key at the root of its chain, and the roles in the order in which it
// assumes them.
import { createInterface } from 'node:readline'
import { fromIni } from '@aws-sdk/credential-provider-ini'

async function trace(path) {
  const steps = []
  const roleAssumer = async (source, given) => {
    if (steps.length === 0) steps.push(source.accessKeyId)
    steps.push(given.RoleArn)
    return { accessKeyId: 'ASIA', secretAccessKey: 's', sessionToken: 't', expiration: new Date(Date.now() + 3600e3) }
  }
  await fromIni({ profile: 'p0', configFilepath: path, filepath: path + '.none', ignoreCache: true, roleAssumer })()
  return steps
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify({ steps: await trace(line.trim()) }))
  } catch (e) {
    console.log(JSON.stringify({ refused: `${e.name}: ${e.message}` }))
  }
}
