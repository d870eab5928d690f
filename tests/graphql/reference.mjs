// The same schema in the package graphql, with the meaning that Sluice gives to its scalars and documents. Documents
// come back as they were sent, as from graphql_tool.
import { createRequire } from 'node:module'
import { join } from 'node:path'

const load = createRequire(join(process.env.GRAPHQL_MODULES, 'index.js'))
export const graphql = load('graphql')

const RANDOM_ID = '*RANDOM*'

function scalar(type, parseValue) {
  type.parseValue = parseValue
  type.parseLiteral = (node, variables) => parseValue(graphql.valueFromASTUntyped(node, variables))
  type.serialize = (value) => value
}

function parseJson(value) {
  if (typeof value !== 'string') throw new TypeError('JSONScalar is written as a text that holds JSON')
  return JSON.parse(value)
}

function parseBase64(value) {
  if (typeof value !== 'string') throw new TypeError('Base64 is written as a text')
  const symbols = value.replace(/[^A-Za-z0-9+/=]/g, '')
  if (symbols.replace(/=+$/, '').length % 4 === 1 || symbols.length % 4 !== 0) throw new TypeError('no base64')
  return value
}

// The shape of a nested list, undefined where a variable has no value yet.
function shapeOf(list) {
  if (!Array.isArray(list)) {
    if (list === undefined) return undefined
    if (typeof list !== 'number' && typeof list !== 'boolean') throw new TypeError('only numbers')
    return []
  }
  let shape
  for (const item of list) {
    const inner = shapeOf(item)
    if (inner === undefined) return undefined
    if (shape !== undefined && shape.join() !== inner.join()) throw new TypeError('ragged')
    shape = inner
  }
  return [list.length, ...(shape ?? [])]
}

function parseArray(value) {
  if (Array.isArray(value)) shapeOf(value)
  return value
}

const isSet = (value) => value !== null && value !== undefined && value !== '' && value !== 0
const orNull = (value) => (isSet(value) ? value : null)
const float = (value) => orNull(value === null || value === undefined ? null : Math.fround(value))

function array(value) {
  if (value === null || value === undefined) return null
  if (!Array.isArray(value)) throw new TypeError('no array')
  if (value.some(Array.isArray) || value.every((item) => typeof item === 'boolean')) return value
  return value.map(Number)
}

function map(value) {
  if (value === null || value === undefined) return null
  if (typeof value !== 'object' || Array.isArray(value)) throw new TypeError('no object')
  return Object.keys(value).length > 0 ? value : null
}

function scores(list) {
  if (!list || list.length === 0) return null
  return list.map(({ name, score }) => ({
    name,
    score: {
      value: float(score.value),
      opName: orNull(score.opName),
      description: orNull(score.description),
      refId: orNull(score.refId),
    },
  }))
}

function documentOf(input, place) {
  const id = orNull(input.id) ?? RANDOM_ID
  const granularity = place.granularity ?? input.granularity ?? 0
  const adjacency = place.adjacency ?? input.adjacency ?? 0
  if (granularity < 0 || adjacency < 0) throw new RangeError('negative')
  const tensor = array(input.tensor)
  const blob = tensor === null ? orNull(input.blob) : null
  const nested = (list, inner) => (list && list.length > 0 ? list.map((item) => documentOf(item, inner)) : null)
  return {
    id,
    parentId: place.parentId ?? orNull(input.parentId),
    granularity: orNull(granularity),
    adjacency: orNull(adjacency),
    blob,
    tensor,
    mimeType: orNull(input.mimeType),
    text: tensor === null && blob === null ? orNull(input.text) : null,
    weight: float(input.weight),
    uri: orNull(input.uri),
    tags: map(input.tags),
    offset: float(input.offset),
    location: input.location && input.location.length > 0 ? input.location.map(Math.fround) : null,
    embedding: array(input.embedding),
    modality: orNull(input.modality),
    evaluations: scores(input.evaluations),
    scores: scores(input.scores),
    chunks: nested(input.chunks, { parentId: id, granularity: granularity + 1 }),
    matches: nested(input.matches, { adjacency: adjacency + 1 }),
  }
}

function docs(_source, args) {
  map(args.parameters)
  return (args.data ?? []).map((input) => documentOf(input, {}))
}

export function schemaOf(introspection) {
  const schema = graphql.buildClientSchema(introspection)
  scalar(schema.getType('JSONScalar'), parseJson)
  scalar(schema.getType('Base64'), parseBase64)
  scalar(schema.getType('NdArray'), parseArray)
  schema.getQueryType().getFields().docs.resolve = docs
  schema.getMutationType().getFields().docs.resolve = docs
  return schema
}

// Without a name the first operation counts, as in Jina; the package asks for a name when there are several.
function operationName(request) {
  if (request.operationName) return request.operationName
  try {
    const operations = graphql.parse(request.query).definitions.filter(({ kind }) => kind === 'OperationDefinition')
    return operations.length > 1 ? operations[0].name?.value : undefined
  } catch {
    return undefined
  }
}

// What the reference answers, in the form of ours.
export function answerOf(schema, request) {
  const result = graphql.graphqlSync({
    schema,
    source: request.query,
    variableValues: request.variables,
    operationName: operationName(request),
  })
  const plain = JSON.parse(JSON.stringify(result))
  return { data: plain.data ?? null, ...(plain.errors ? { errors: plain.errors } : {}) }
}

function sameData(ours, theirs) {
  if (theirs === RANDOM_ID) return typeof ours === 'string' && /^[0-9a-f]{32}$/.test(ours)
  if (typeof theirs !== 'object' || theirs === null) return ours === theirs
  if (typeof ours !== 'object' || ours === null || Array.isArray(ours) !== Array.isArray(theirs)) return false
  const keys = Object.keys(theirs)
  return Object.keys(ours).join('\n') === keys.join('\n') && keys.every((key) => sameData(ours[key], theirs[key]))
}

// NULL, or what differs between two answers.
export function difference(ours, theirs) {
  if (!sameData(ours.data, theirs.data)) return 'data'
  const [mine, other] = [ours.errors ?? [], theirs.errors ?? []]
  if (mine.length !== other.length) return 'number of errors'
  for (let i = 0; i < mine.length; i++)
    for (const part of ['locations', 'path'])
      if (JSON.stringify(mine[i][part]) !== JSON.stringify(other[i][part])) return `${part} of error ${i}`
  return null
}

export function sameMessages(ours, theirs) {
  return (ours.errors ?? []).every((error, i) => error.message === theirs.errors[i].message)
}
