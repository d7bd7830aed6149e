import { diskUseAnswer } from '../../../api/engine/decode/disk-use.js'
import { JsonPruner } from '../../../api/engine/json/json-pruner.js'
import { cpuTime } from '../../support/cpu-time.js'

test('names of volumes are scrubbed as each comes, not all at the end', () => {
  const reader = diskUseAnswer()
  const { shape, isSplit, bounds } = reader
  const pruner = new JsonPruner({
    ...{ shape, isSplit, bounds },
    onUnit: (unit) => reader.take(JSON.parse(unit.json), unit),
  })
  const Volumes = Array.from({ length: 400 }, (_, i) => ({ Name: `${'pw={,'.repeat(1_600)}${i}` }))
  const startedAt = cpuTime()
  pruner.push(Buffer.from(JSON.stringify({ LayersSize: 1, Images: [], Containers: [], BuildCache: [], Volumes })))
  pruner.end()
  const readAt = cpuTime()
  expect(reader.result(false).volumes.count).toBe(400)
  expect(cpuTime() - readAt).toBeLessThan((readAt - startedAt) / 4)
})
