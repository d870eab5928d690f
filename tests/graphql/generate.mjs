// Random requests: valid ones out of the schema, and ones that are made wrong on purpose.
import { graphql } from './reference.mjs'

export class Random {
  constructor(seed) {
    this.state = seed >>> 0
  }
  next() {
    // mulberry32
    this.state = (this.state + 0x6d2b79f5) >>> 0
    let t = this.state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  below(n) {
    return Math.floor(this.next() * n)
  }
  chance(p) {
    return this.next() < p
  }
  pick(list) {
    return list[this.below(list.length)]
  }
}

const WORDS = ['red', 'blue', 'a b', 'é中😀', '', 'x"y', 'back\\slash', 'line\nbreak', '\t', 'null', '#no comment', 'ﬁ', '\u0007']
const BLOBS = ['AP/+Pj8=', 'aGVsbG8=', 'YQ==']
const NUMBERS = [0, 1, -1, 2.5, 0.1, 1e-7, 1e16, 123456.789, -0.5, 16777217]
const LEAF_TYPES = ['StrawberryDocument', 'Namescoreitem', 'Namedscore', 'Namedscoreinterface', 'Query', 'Mutation', 'NdArray', 'Nope', '__Type']

export class Generator {
  constructor(schema, random) {
    this.schema = schema
    this.random = random
  }

  // ---- values ----

  json(type) {
    const r = this.random
    if (graphql.isNonNullType(type)) return this.json(type.ofType)
    if (r.chance(0.08)) return null
    if (graphql.isListType(type)) {
      if (r.chance(0.15) && graphql.getNamedType(type).name !== 'NdArray') return this.nonNull(type.ofType)
      return Array.from({ length: r.below(4) }, () => this.nonNull(type.ofType))
    }
    return this.nonNull(type)
  }

  nonNull(type) {
    const r = this.random
    if (graphql.isNonNullType(type)) return this.nonNull(type.ofType)
    if (graphql.isListType(type)) return Array.from({ length: r.below(3) }, () => this.nonNull(type.ofType))
    if (graphql.isInputObjectType(type)) return this.object(type)
    switch (type.name) {
      case 'Int': return r.pick([0, 1, 2, 7, 2147483647])
      case 'Float': return r.pick(NUMBERS)
      case 'Boolean': return r.chance(0.5)
      case 'Base64': return r.pick(BLOBS)
      case 'JSONScalar': return JSON.stringify(this.tags(2))
      case 'NdArray': return this.array()
      default: return r.pick(WORDS)
    }
  }

  tags(depth) {
    const result = {}
    for (const key of ['k', 'zwei', 'ü', 'list', 'deep'])
      if (this.random.chance(0.4))
        result[key] = depth > 0 && key === 'deep' ? this.tags(depth - 1) : key === 'list' ? [1, 'a', null, true] : this.random.pick([2, 'x', 2.5, null, false])
    return result
  }

  array() {
    const r = this.random
    const number = r.chance(0.5) ? () => r.below(9) - 4 : () => r.below(9) / 4 + 0.125
    if (r.chance(0.6)) return Array.from({ length: r.below(5) }, number)
    const width = 1 + r.below(3)
    return Array.from({ length: 1 + r.below(3) }, () => Array.from({ length: width }, number))
  }

  object(type) {
    const result = {}
    const deep = (this.depth = (this.depth ?? 0) + 1)
    for (const field of Object.values(type.getFields())) {
      const nested = field.name === 'chunks' || field.name === 'matches'
      const name = field.name
      if (!graphql.isRequiredInputField(field) && !this.random.chance(nested ? 0.3 / deep : 0.2)) continue
      if (name === 'uri') result[name] = 'some-place'
      else if (name === 'mimeType') result[name] = 'image/png'
      else if (name === 'scores' || name === 'evaluations') result[name] = this.scores()
      else result[name] = this.json(field.type)
    }
    this.depth--
    return result
  }

  scores() {
    const type = this.schema.getType('Namedscoreinput')
    return ['cosine', 'other'].filter(() => this.random.chance(0.6)).map((name) => ({ name, score: this.object(type) }))
  }

  string(text) {
    const r = this.random
    if (r.chance(0.2) && text !== '' && !/[\\"\u0007\t]|^\s|\s$/.test(text)) return r.chance(0.5) ? `"""${text}"""` : `"""\n    ${text.replace(/\n/g, '\n    ')}\n  """`
    return JSON.stringify(text).replace(/😀/g, () => r.pick(['😀', '\\uD83D\\uDE00', '\\u{1F600}'])).replace(/é/g, () => r.pick(['é', '\\u00e9', '\\u{E9}']))
  }

  // A value as a literal, parts of it as variables.
  literal(value, type, variables) {
    const r = this.random
    if (variables && r.chance(0.12)) return this.variable(value, type, variables)
    const inner = graphql.getNullableType(type)
    if (value === null) return 'null'
    if (Array.isArray(value)) {
      const item = graphql.isListType(inner) ? inner.ofType : inner
      const inside = inner.name === 'NdArray' ? null : variables
      return '[' + value.map((one) => this.literal(one, item, inside)).join(r.pick([', ', ',', ' ', ' , '])) + ']'
    }
    if (typeof value === 'object') {
      const named = graphql.getNamedType(type)
      const fields = Object.entries(value).map(([name, one]) => `${name}:${r.pick(['', ' '])}${this.literal(one, named.getFields()[name].type, variables)}`)
      return '{' + fields.join(r.pick([', ', ',\n', ' '])) + '}'
    }
    return typeof value === 'string' ? this.string(value) : JSON.stringify(value)
  }

  variable(value, type, variables) {
    const r = this.random
    const name = `${r.pick(['v', 'data', 'x_'])}${variables.list.length}`
    let text = String(type)
    const variable = { name, type: text, given: true }
    if (value !== null && r.chance(0.2) && !graphql.isNonNullType(type)) variable.type = text + '!'
    if (r.chance(0.25) && value !== null) {
      variable.fallback = this.literal(value, type, null)
      variable.given = r.chance(0.5)
    }
    if (variable.given) variable.value = value
    variables.list.push(variable)
    return '$' + name
  }

  // ---- selections ----

  arguments(field, context) {
    const given = []
    for (const argument of field.args) {
      if (!graphql.isRequiredArgument(argument) && !this.random.chance(field.name === 'docs' ? 0.6 : 0.3)) continue
      let value = this.json(argument.type)
      if (argument.name === 'execEndpoint') value = this.random.pick(['/index', '/search', '/ünï'])
      else if (argument.name === 'targetExecutor') value = this.random.pick([null, 'encoder', 'e.*'])
      else if (field.name === '__type') value = this.random.pick(LEAF_TYPES)
      else if (argument.name === 'data' && this.random.chance(0.7)) value = [this.nonNull(this.schema.getType('StrawberryDocumentInput'))]
      given.push(`${argument.name}: ${this.literal(value, argument.type, context.variables)}`)
    }
    return given.length > 0 ? `(${given.join(this.random.pick([', ', ' ']))})` : ''
  }

  directives(context) {
    const r = this.random
    if (!r.chance(0.1)) return ''
    const value = r.chance(0.8)
    const name = value ? 'include' : 'skip'
    const type = this.schema.getDirective(name).args[0].type
    return ` @${name}(if: ${r.chance(0.4) ? this.variable(value, type, context.variables) : value})`
  }

  field(parent, field, depth, context, key) {
    const named = graphql.getNamedType(field.type)
    const selection = graphql.isCompositeType(named) ? ' ' + this.selection(named, depth - 1, context) : ''
    const alias = key !== field.name ? `${key}: ` : ''
    return `${alias}${field.name}${this.arguments(field, context)}${this.directives(context)}${selection}`
  }

  fieldsOf(type, depth) {
    const introspection = type.name.startsWith('__')
    return Object.values(type.getFields()).filter((field) => {
      const named = graphql.getNamedType(field.type)
      if (graphql.isCompositeType(named) && depth <= 0) return false
      // Descriptions and the order of types are the library's own.
      if (introspection && ['description', 'types', 'fields', 'inputFields', 'interfaces', 'possibleTypes'].includes(field.name)) return field.name === 'fields' && depth === 2
      return true
    })
  }

  selection(type, depth, context) {
    const r = this.random
    const parts = []
    const fields = this.fieldsOf(type, depth)
    const count = 1 + r.below(4)
    for (let i = 0; i < count && fields.length > 0; i++) {
      const field = r.pick(fields)
      const simple = field.args.length === 0 && !graphql.isCompositeType(graphql.getNamedType(field.type))
      const key = simple && r.chance(0.7) ? field.name : `a${context.keys++}`
      parts.push(this.field(type, field, depth, context, key))
    }
    if (r.chance(0.15)) parts.push('__typename')
    if (r.chance(0.12)) parts.push(`${r.pick(['... ', '...'])}${r.chance(0.7) ? `on ${this.condition(type)}` : ''}${this.directives(context)} ${this.selection(type, depth - 1, context)}`)
    if (r.chance(0.12)) parts.push(this.spread(type, depth, context))
    if (parts.length === 0) parts.push('__typename')
    return `{${r.pick([' ', '\n  ', ''])}${parts.join(r.pick([' ', '\n  ', ', ', ' # comment é😀\r\n', '\r\n', '\r']))}${r.pick([' ', '\n', ''])}}`
  }

  condition(type) {
    return type.name === 'Namedscore' && this.random.chance(0.5) ? 'Namedscoreinterface' : type.name
  }

  spread(type, depth, context) {
    const known = context.fragments.filter((fragment) => fragment.type === type.name && fragment.text !== null && fragment.depth <= depth)
    if (known.length > 0 && this.random.chance(0.5)) return `...${this.random.pick(known).name}${this.directives(context)}`
    const fragment = { name: `F${context.fragments.length}`, type: type.name, text: null, depth }
    context.fragments.push(fragment)
    fragment.text = `fragment ${fragment.name} on ${this.condition(type)} ${this.selection(type, depth - 1, context)}`
    return `...${fragment.name}${this.directives(context)}`
  }

  operation(name, context) {
    const r = this.random
    const kind = r.chance(0.7) ? 'query' : 'mutation'
    const type = kind === 'query' ? this.schema.getQueryType() : this.schema.getMutationType()
    const fields = [...Object.values(type.getFields())]
    const parts = []
    if (kind === 'query' && r.chance(0.25)) {
      const schemaType = this.schema.getType('__Schema')
      const typeType = this.schema.getType('__Type')
      parts.push(r.chance(0.5)
        ? `a${context.keys++}: __type(name: ${this.string(r.pick(LEAF_TYPES))}) ${this.selection(typeType, 2, context)}`
        : `a${context.keys++}: __schema ${this.selection(schemaType, 1, context)}`)
    }
    if (parts.length === 0 || r.chance(0.6)) parts.push(this.field(type, fields[0], 4, context, r.chance(0.6) ? 'docs' : `a${context.keys++}`))
    if (r.chance(0.2)) parts.push(this.field(type, fields[0], 3, context, `a${context.keys++}`))
    if (r.chance(0.2)) parts.push('__typename')
    if (r.chance(0.1)) parts.push(this.spread(type, 3, context))
    const variables = context.variables.list.map((v) => `$${v.name}:${r.pick([' ', ''])}${v.type}${v.fallback ? ` = ${v.fallback}` : ''}`)
    const head = kind === 'query' && name === '' && variables.length === 0 && r.chance(0.6) ? '' : `${kind}${name ? ' ' + name : ''}${variables.length > 0 ? `(${variables.join(r.pick([', ', ' ']))})` : ''} `
    return `${head}{ ${parts.join(' ')} }`
  }

  request() {
    const r = this.random
    const context = { variables: { list: [] }, fragments: [], keys: 0 }
    const several = r.chance(0.1)
    const name = several || r.chance(0.3) ? 'Main' : ''
    const definitions = [this.operation(name, context)]
    if (several) definitions.push(`query Other { docs(data: []) { id } }`)
    definitions.push(...context.fragments.map((fragment) => fragment.text))
    if (r.chance(0.3)) definitions.reverse()
    const variables = {}
    for (const variable of context.variables.list) if (variable.given) variables[variable.name] = variable.value
    return {
      query: (r.chance(0.05) ? '\ufeff' : '') + definitions.join(r.pick([' ', '\n', '\n\n', '\r\n'])),
      variables: Object.keys(variables).length > 0 || r.chance(0.3) ? variables : null,
      operationName: name !== '' && (several || r.chance(0.5)) ? name : null,
    }
  }

  // ---- wrong on purpose ----

  tokens(query) {
    return query.match(/"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n\r])*"|\.\.\.|[_A-Za-z][_0-9A-Za-z]*|-?[0-9][0-9.eE+-]*|[\s,\ufeff]+|#[^\n\r]*|[^]/g) ?? []
  }

  // Change the text of the query at one token.
  breakToken(query) {
    const r = this.random
    const tokens = this.tokens(query)
    const at = r.below(tokens.length)
    const spare = ['{', '}', '(', ')', '[', ']', ':', '!', '$', '@', '=', '...', '|', '&', '"', '"""', '\\', 'on', 'null', 'true', 'fragment', 'query', 'id', 'foo', 'docs', '1', '-', '0.5', '01', '1.', '5x', '1e', "'", '?', 'é', '\u0000', '"\\x"', '"\\u00"', '"\\uD800"', '"\\u{110000}"', '$v0', 'StrawberryDocument', 'String', '@skip(if: true)', '@deprecated', 'type A { b: Int }', '"text"', '[1, [2]]', '{a: 1}', 'textt', 'Docs', '# open']
    switch (r.below(5)) {
      case 0: tokens.splice(at, 1); break
      case 1: tokens.splice(at, 0, tokens[at]); break
      case 2: tokens[at] = r.pick(spare); break
      case 3: tokens.splice(at, 0, ' ' + r.pick(spare) + ' '); break
      default: tokens.splice(at + 1, tokens.length)
    }
    return tokens.join('')
  }

  // Put something into a selection set.
  insert(query, text) {
    const tokens = this.tokens(query)
    const solid = (i) => (i < 0 ? 'query' : /^[\s,\ufeff#]/.test(tokens[i]) ? solid(i - 1) : tokens[i])
    const sets = tokens.flatMap((token, i) => (token === '{' && /^(\w+|\)|\.\.\.)$/.test(solid(i - 1)) ? [i] : []))
    if (sets.length === 0) return query + text
    const deep = sets.length > 1 && this.random.chance(0.8) ? sets.slice(1) : sets
    tokens.splice(this.random.pick(deep) + 1, 0, ` ${text} `)
    return tokens.join('')
  }

  breakRule(request) {
    const r = this.random
    const query = request.query
    const put = (text) => this.insert(query, text)
    const extra = (text) => query + '\n' + text
    return r.pick([
      () => put('foo'), () => put('mime_type'), () => put('id { x }'), () => put('chunks'), () => put('...Nope'),
      () => put('... on Nope { id }'), () => put('... on String { id }'), () => put('... on Namedscore { value }'),
      () => put('... on Query { __typename }'), () => put('id(x: 1)'), () => put('id: text'), () => put('k: id k: text'),
      () => put('k: chunks { id } k: matches { id }'), () => put('k: chunks { j: id } k: chunks { j: text }'),
      () => put('k: chunks { j: matches { i: id } } ... on StrawberryDocument { k: chunks { j: matches { i: text } } }'),
      () => put('id @skip'), () => put('id @skip(if: 1)'), () => put('id @skip(if: true) @skip(if: false)'),
      () => put('id @include(if: $nope)'), () => put('id @unknown'), () => put('id @deprecated(reason: "x")'),
      () => put('id @skip(if: true, if: true, foo: 2)'), () => put('id @include(iff: true)'), () => put('weight @include(if: null)'),
      () => extra('fragment Unused on StrawberryDocument { id }'), () => extra('fragment F0 on StrawberryDocument { id }'),
      () => extra('query Main { __typename }'), () => extra('{ __typename }'), () => extra('subscription { docs { id } }'),
      () => extra('fragment A on StrawberryDocument { ...B chunks { ...A } } fragment B on StrawberryDocument { ...A } query C { docs { ...A } }'),
      () => extra('fragment L on String { x }'), () => extra('fragment M on Missing { x } query N { docs { ...M } }'),
      () => extra('query P($a: Int, $a: Int, $b: StrawberryDocument, $c: Nope, $d: [Int!]! = [null], $e: Int = "x") { docs(data: $a) { id } }'),
      () => extra('query P($p: String) { docs(data: $p, execEndpoint: $p, parameters: $q) { ...PF } } fragment PF on StrawberryDocument { id @skip(if: $p) }'),
      () => extra('query P($e: String = "/x") { docs(execEndpoint: $e) { id } }'),
      () => extra('query P @skip(if: true) { docs { id } }'), () => extra('query P($x: Int @include(if: true)) { docs { id } }'),
      () => extra('scalar New'), () => extra('extend type Query { a: Int }'), () => extra('schema { query: Query }'),
      () => extra('directive @foo(a: Int = 1) on FIELD | QUERY'), () => extra('enum E { A true }'), () => extra('input I { a: [Int!]! = [1] }'),
      () => `{ docs(data: {${r.pick(['foo: 1', 'text: 1', 'weight: "x"', 'granularity: 2.0', 'granularity: 3000000000', 'text: blue', 'tags: {a: 1}', 'tags: "x"', 'tags: 5', 'blob: 5', 'blob: "A"', 'embedding: [[1], 2]', 'embedding: ["a"]', 'embedding: {a: 1}', 'location: [null]', 'location: "x"', 'scores: {name: "x"}', 'scores: [{score: {value: 1, vlaue: 2}}]', 'id: "a", id: "b"', 'chunks: [1, {text: true}]', 'chunks: null, matches: [null]', 'text: null, offset: true'])}}) { id } }`,
      () => `{ docs(${r.pick(['dat: []', 'data: 5', 'data: [null]', 'data: "x"', 'execEndpoint: null', 'execEndpoint: 5', 'parameters: {a: 1}', 'parameters: "[1]"', 'parameters: "x"', 'targetExecutor: true', 'data: [], data: []', 'data: $d', 'data: [{tags: "[1]"}]', 'data: {embedding: 5}', 'data: {tensor: "abc"}', 'data: {granularity: -1}', 'a: 1, b: 2'])}) { id } }`,
      () => '{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }',
      () => '{ __type { name } }', () => '{ __type(name: 5) { name } }', () => 'mutation { __schema { queryType { name } } }', () => '{ doc { id } dcos { id } }',
      () => 'query($i: Boolean = true) { docs(data: {id: "a"}) { id @include(if: $i) chunks { id } } }',
    ])()
  }

  // Variables of the wrong kind.
  breakVariables() {
    const r = this.random
    const bad = r.pick([5, 'x', null, [null], [[]], { foo: 1 }, { text: 5 }, { granularity: 1.5 }, { granularity: 2.0 }, { granularity: 3e9 }, { granularity: '3' }, { weight: 'x' }, { weight: true }, { tags: { k: 1 } }, { tags: 'x' }, { tags: '[1]' }, { blob: 'A' }, { blob: 5 }, { embedding: 5 }, { embedding: [[1, 2], [3]] }, { embedding: [1, null] }, { embedding: 'x' }, { scores: [{ name: 'a' }] }, { scores: { name: 1, score: {} } }, { location: [1, 'x'] }, { chunks: [{ chunks: [{ txt: 1 }] }] }, { mime_type: 'x' }, { id: 5, text: false }, [{ id: 1 }, { id: 'a' }, { di: 1 }]])
    const [query, variables] = r.pick([
      ['query($d: [StrawberryDocumentInput!]) { docs(data: $d) { id granularity } }', { d: bad }],
      ['query($d: [StrawberryDocumentInput!]!) { docs(data: $d) { id granularity } }', r.chance(0.5) ? { d: bad } : {}],
      ['query A($d: StrawberryDocumentInput!, $w: Float!, $b: Boolean!)\n{ docs(data: [$d]) { id weight @skip(if: $b) } x: docs(data: {weight: $w, id: "q"}) { weight } }', { d: bad, w: r.pick([1, 2.5, 'x', null]), b: r.pick([true, 1, null]) }],
      ['query($i: Boolean = true, $e: String = "/a") { docs(data: {id: "a", text: "t"}, execEndpoint: $e) { id @include(if: $i) chunks { id } } }', { i: r.pick([null, false]), e: r.pick([null, '/x']) }],
      ['mutation($x: NdArray, $p: JSONScalar) { docs(data: {id: "n", embedding: [$x]}, parameters: $p) { embedding } }', { x: r.pick([1, 2.5, 'x', null, [1]]), p: r.pick(['{}', '[1]', 'x', 5, null]) }],
    ])
    return { query, variables, operationName: null }
  }

  wrongRequest() {
    const r = this.random
    if (r.chance(0.2)) return this.breakVariables()
    const request = this.request()
    request.query = r.chance(0.55) ? this.breakToken(request.query) : this.breakRule(request)
    if (r.chance(0.1)) request.query = this.breakToken(request.query)
    return request
  }
}
