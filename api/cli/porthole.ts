#!/usr/bin/env node
import { SYSTEM_CLOCK } from '../clock.js'
import { EXIT_OK } from './exit-code.js'
import { runProgram } from './program.js'

const { argv, env, stdin, stdout, stderr } = process
const code = await runProgram(argv.slice(2), { env, stdin, stdout, stderr, clock: SYSTEM_CLOCK })
// A service that runs on sets its own exit code when it ends.
if (code !== EXIT_OK) process.exitCode = code
