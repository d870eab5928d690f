// compare.mjs TOOL [--seed N] [--count N] [--samples FILE]: answers of graphql_tool against the package graphql.
// --samples writes 200 requests with the package's answers, for the test that runs without it.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { answerOf, difference, graphql, sameMessages, schemaOf } from './reference.mjs'
import { Generator, Random } from './generate.mjs'

const [tool, ...options] = process.argv.slice(2)
const option = (name, fallback) => (options.includes(name) ? options[options.indexOf(name) + 1] : fallback)
const seed = Number(option('--seed', Date.now() % 2 ** 31))
const count = Number(option('--count', 3000))
const golden = option('--schema', null)
const SAMPLES = 200

function ask(requests) {
  const lines = requests.map(({ query, variables, operationName }) =>
    JSON.stringify({ query, variables: variables === null ? '' : JSON.stringify(variables), operationName: operationName ?? '' }))
  const run = spawnSync(tool, { input: lines.join('\n') + '\n', maxBuffer: 1 << 30, encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`graphql_tool ended with ${run.status ?? run.signal}: ${run.stderr}`)
  return run.stdout.trimEnd().split('\n').map((line) => JSON.parse(line))
}

let passed = 0
let failed = 0
function check(good, text) {
  if (good) passed++
  else {
    failed++
    if (failed <= 20) console.log(text)
  }
}

const introspection = { query: graphql.getIntrospectionQuery({ specifiedByUrl: true, directiveIsRepeatable: true, schemaDescription: true, inputValueDeprecation: true, oneOf: true }), variables: null, operationName: null }
const [{ data }] = ask([introspection])
const schema = schemaOf(data)
check(graphql.validateSchema(schema).length === 0, 'the rebuilt schema is not valid')
if (golden !== null) {
  const recorded = graphql.printSchema(graphql.lexicographicSortSchema(graphql.buildSchema(readFileSync(golden, 'utf8'))))
  check(graphql.printSchema(graphql.lexicographicSortSchema(schema)) === recorded, 'the rebuilt schema is not the recorded one')
}

console.log(`seed ${seed}, ${count} documents`)
const generator = new Generator(schema, new Random(seed))
const requests = Array.from({ length: count }, (_, i) => (i % 5 < 2 ? generator.wrongRequest() : generator.request()))
const answers = ask(requests)
let invalid = 0
let withMessages = 0
const words = new Map()
requests.forEach((request, i) => {
  const expected = answerOf(schema, request)
  const different = difference(answers[i], expected)
  if (expected.errors) {
    invalid++
    if (different === null && sameMessages(answers[i], expected)) withMessages++
    else if (different === null) words.set(answers[i].errors[0].message, expected.errors[0].message)
  }
  check(different === null, `${different} differ:\n${JSON.stringify(request)}\n  ours:   ${JSON.stringify(answers[i])}\n  theirs: ${JSON.stringify(expected)}`)
  request.expected = expected
})
check(invalid >= count / 3, `only ${invalid} of ${count} documents are invalid`)
console.log(`${invalid} invalid, of these ${withMessages} with the same messages`)
if (options.includes('--words')) for (const [ours, theirs] of words) console.log(`ours:   ${ours}\ntheirs: ${theirs}`)

if (options.includes('--samples')) {
  const step = Math.max(1, Math.floor(count / SAMPLES))
  const lines = requests.filter((_, i) => i % step === 0).slice(0, SAMPLES).map(({ query, variables, operationName, expected }) => {
    const errors = (expected.errors ?? []).map(({ locations, path }) => ({ ...(locations ? { locations } : {}), ...(path ? { path } : {}) }))
    return JSON.stringify({ query, variables: variables === null ? '' : JSON.stringify(variables), operationName: operationName ?? '', data: expected.data, errors })
  })
  writeFileSync(option('--samples'), lines.join('\n') + '\n')
}
console.log(`${passed} passed, ${failed} failed, 0 skipped`)
process.exit(failed === 0 ? 0 : 1)
