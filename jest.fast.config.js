// The tests of the edit loop: under a minute on two cores, and without a build. scripts/test runs them all.
import base from './jest.config.js'
import { markedTests, SLOW_FOLDERS, TIMING_FILES } from './scripts/slow-tests.mjs'

const slow = [...SLOW_FOLDERS.map((folder) => `${folder}/`), ...markedTests(import.meta.dirname)]

export default {
  ...base,
  // Jest leaves a core to itself, which is half of two.
  maxWorkers: '100%',
  testPathIgnorePatterns: [...base.testPathIgnorePatterns, ...slow.map((path) => `<rootDir>/${path}`), TIMING_FILES],
}
