// Starts a real Bluesky network (PDS, AppView, directory) on this machine and says where it is, as one line of JSON.
// usage: node bluesky_network.mjs FOLDER_WITH_NODE_MODULES POSTGRES_URL REDIS_HOST:PORT ; ends with its stdin
import { createRequire } from 'node:module'
import { join } from 'node:path'

const [folder, postgres, redis] = process.argv.slice(2)
const { TestNetwork } = createRequire(join(folder, 'package.json'))('@atproto/dev-env')

process.env.REDIS_HOST = redis
const network = await TestNetwork.create({ dbPostgresUrl: postgres, dbPostgresSchema: 'uproar' })
process.stdin.on('data', async (line) => {
  if (line.toString().trim() === 'settle') {
    await network.processAll()
    process.stdout.write('settled\n')
  }
})
process.stdin.on('end', async () => {
  await network.close()
  process.exit(0)
})
process.stdout.write(JSON.stringify({ pds: network.pds.url, bsky: network.bsky.url }) + '\n')
