Feature: Call HTTP
  What is sent, and what comes of the answer.

  Scenario: The output is the content of the answer
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-content, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/things/1' } }
    """
    And given 'https://api.example.com/things/1' answers:
    """yaml
    { body: { id: 1, name: tea } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { id: 1, name: tea }
    """
    And the requests should be:
    """yaml
    - { method: GET, uri: 'https://api.example.com/things/1' }
    """

  Scenario Outline: The method may be written in any case: <method>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-method, version: '1.0.0' }
    do:
      - go: { call: http, with: { method: <method>, endpoint: 'https://api.example.com/things' } }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { body: {} }
    """
    When the workflow is executed
    Then the requests should be:
    """yaml
    - { method: <sent> }
    """

    Examples:
      | method | sent   |
      | get    | GET    |
      | POST   | POST   |
      | Put    | PUT    |
      | patch  | PATCH  |
      | DELETE | DELETE |

  Scenario: A template in the endpoint takes members of the input, encoded
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-template, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/{kind}/{id}?q={text}' } }
    """
    And given the workflow input is:
    """yaml
    { kind: things, id: 7, text: 'a b&c' }
    """
    And given 'https://api.example.com/things/7' answers:
    """yaml
    { body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the requests should be:
    """yaml
    - { query: 'q=a%20b%26c' }
    """

  Scenario: What a template does not find is empty
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-template-missing, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/things{suffix}' } }
    """
    And given the workflow input is:
    """yaml
    { other: 1 }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """

  Scenario Outline: A template that takes <what> is an expression error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-template-object, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/{id}' } }
    """
    And given the workflow input is:
    """yaml
    id: <value>
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/expression', status: 400, instance: /do/0/get }
    """

    Examples:
      | what      | value    |
      | an object | { a: 1 } |
      | an array  | [ 1 ]    |

  Scenario: The endpoint may be an expression
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-expression, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: '${ "https://api.example.com/things/\(.id)" }' } }
    """
    And given the workflow input is:
    """yaml
    id: 7
    """
    And given 'https://api.example.com/things/7' answers:
    """yaml
    { body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """

  Scenario: Query parameters are added, and may be expressions
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-query, version: '1.0.0' }
    do:
      - get:
          call: http
          with: { method: get, endpoint: 'https://api.example.com/things', query: { search: '${ .term }', page: '2' } }
    """
    And given the workflow input is:
    """yaml
    term: green tea
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    - { when: { query: search=green%20tea&page=2 }, body: { ok: true } }
    - { when: { query: search=green+tea&page=2 }, body: { ok: true } }
    - { when: { query: page=2&search=green%20tea }, body: { ok: true } }
    - { when: { query: page=2&search=green+tea }, body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """

  Scenario: Headers are sent, and may be expressions
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-headers, version: '1.0.0' }
    do:
      - get:
          call: http
          with: { method: get, endpoint: 'https://api.example.com/things', headers: { x-trace: '${ .trace }', accept: text/plain } }
    """
    And given the workflow input is:
    """yaml
    trace: t-1
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { text: 'plain words', headers: { content-type: text/plain } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    plain words
    """
    And the requests should be:
    """yaml
    - { headers: { x-trace: t-1, accept: text/plain } }
    """

  Scenario: All headers may be one expression
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-headers-expression, version: '1.0.0' }
    do:
      - get:
          call: http
          with: { method: get, endpoint: 'https://api.example.com/things', headers: '${ .headers }' }
    """
    And given the workflow input is:
    """yaml
    headers: { x-one: '1', x-two: '2' }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { body: {} }
    """
    When the workflow is executed
    Then the requests should be:
    """yaml
    - { headers: { x-one: '1', x-two: '2' } }
    """

  Scenario: A body is sent as JSON
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-body, version: '1.0.0' }
    do:
      - post:
          call: http
          with: { method: post, endpoint: 'https://api.example.com/things', body: { name: '${ .name }', tags: [ a, '${ .tag }' ] } }
    """
    And given the workflow input is:
    """yaml
    { name: tea, tag: b }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { status: 201, body: { id: 9 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    id: 9
    """
    And the requests should be:
    """yaml
    - { method: POST, headers: { content-type: application/json }, body: { name: tea, tags: [ a, b ] } }
    """

  Scenario: A body may be one expression
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-body-expression, version: '1.0.0' }
    do:
      - post: { call: http, with: { method: post, endpoint: 'https://api.example.com/things', body: '${ .order }' } }
    """
    And given the workflow input is:
    """yaml
    order: [ 1, 2 ]
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { body: {} }
    """
    When the workflow is executed
    Then the requests should be:
    """yaml
    - { body: [ 1, 2 ] }
    """

  Scenario: output response gives the request, the status and the headers too
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-response, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/things', output: response } }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { status: 203, headers: { x-answer: '42' }, body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow output should have a 'statusCode' property with value:
    """yaml
    203
    """
    And the workflow output should have a 'content' property with value:
    """yaml
    ok: true
    """
    And the workflow output should have a 'request.uri' property with value:
    """yaml
    https://api.example.com/things
    """
    And the workflow output should have properties 'request.method', 'request.headers'

  Scenario: The headers of the answer can be read
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-answer-headers, version: '1.0.0' }
    do:
      - get:
          call: http
          with: { method: get, endpoint: 'https://api.example.com/things', output: response }
          output: { as: '[ .headers | to_entries[] | select(.key | ascii_downcase == "x-answer") | .value ]' }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { headers: { x-answer: '42' }, body: {} }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ '42' ]
    """

  Scenario: output raw gives the bytes as Base64
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-raw, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/things', output: raw } }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { text: hello, headers: { content-type: text/plain } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    aGVsbG8=
    """

  Scenario: An answer without a body is null
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-empty, version: '1.0.0' }
    do:
      - delete: { call: http, with: { method: delete, endpoint: 'https://api.example.com/things/1' } }
    """
    And given 'https://api.example.com/things/1' answers:
    """yaml
    { status: 204 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    null
    """

  Scenario Outline: A status that is no success is a communication error with that status: <status>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-status, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/things' } }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { status: <status>, body: { why: so } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/communication', status: <status>, instance: /do/0/get }
    """
    And 'https://api.example.com/things' should have been asked 1 time

    Examples:
      | status |
      | 400    |
      | 404    |
      | 429    |
      | 500    |
      | 503    |

  Scenario: Without redirect a redirect is an error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-no-redirect, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/old' } }
    """
    And given 'https://api.example.com/old' answers:
    """yaml
    { status: 302, headers: { location: 'https://api.example.com/new' } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/communication', status: 302 }
    """
    And 'https://api.example.com/new' should have been asked 0 times

  Scenario: With redirect a redirect is followed
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-redirect, version: '1.0.0' }
    do:
      - get: { call: http, with: { method: get, endpoint: 'https://api.example.com/old', redirect: true } }
    """
    And given 'https://api.example.com/old' answers:
    """yaml
    { status: 302, headers: { location: 'https://other.example.com/new' } }
    """
    And given 'https://other.example.com/new' answers:
    """yaml
    { body: { moved: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    moved: true
    """

  Scenario: A host that does not answer is a communication error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-refused, version: '1.0.0' }
    do:
      - attempt:
          try: [ { get: { call: http, with: { method: get, endpoint: 'https://nowhere.invalid/things' } } } ]
          catch:
            errors: { with: { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/communication' } }
            do: [ { note: { set: { caught: true } } } ]
    """
    When the workflow is executed
    Then the workflow output should have a 'caught' property with value:
    """yaml
    true
    """

  Scenario: A call is repeated as the try around it says
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-retry, version: '1.0.0' }
    do:
      - attempt:
          try: [ { get: { call: http, with: { method: get, endpoint: 'https://api.example.com/things' } } } ]
          catch:
            errors: { with: { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/communication', status: 503 } }
            retry: { delay: PT10S, backoff: { exponential: {} }, limit: { attempt: { count: 3 } } }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    - { status: 503 }
    - { status: 503 }
    - { body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And get should have begun after PT0S, PT10S, PT30S
    And 'https://api.example.com/things' should have been asked 3 times

  Scenario: Basic authentication
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-basic, version: '1.0.0' }
    do:
      - get:
          call: http
          with: { method: get, endpoint: { uri: 'https://api.example.com/things', authentication: { basic: { username: Aladdin, password: '${ .password }' } } } }
    """
    And given the workflow input is:
    """yaml
    password: open sesame
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    - { when: { headers: { authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== } }, body: { ok: true } }
    - { status: 401 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """

  Scenario: Bearer authentication, by its name in use.authentications
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-bearer, version: '1.0.0' }
    use: { authentications: { service: { bearer: { token: abc } } } }
    do:
      - get: { call: http, with: { method: get, endpoint: { uri: 'https://api.example.com/things', authentication: { use: service } } } }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    - { when: { headers: { authorization: Bearer abc } }, body: { ok: true } }
    - { status: 401 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """

  Scenario: OAuth2 client credentials, and the token is asked for once
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-oauth2, version: '1.0.0' }
    use:
      authentications:
        service:
          oauth2:
            authority: https://auth.example.com
            grant: client_credentials
            client: { id: workflow, secret: very-secret }
            scopes: [ api ]
    do:
      - first: { call: http, with: { method: get, endpoint: { uri: 'https://api.example.com/things', authentication: { use: service } } } }
      - second: { call: http, with: { method: get, endpoint: { uri: 'https://api.example.com/things', authentication: { use: service } } } }
    """
    And given 'https://auth.example.com/oauth2/token' answers:
    """yaml
    { body: { access_token: t-1, token_type: Bearer, expires_in: 3600 } }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    - { when: { headers: { authorization: Bearer t-1 } }, body: { ok: true } }
    - { status: 401 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And 'https://api.example.com/things' should have been asked 2 times

  Scenario: Two calls in a fork are both made
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-fork, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - a: { call: http, with: { method: get, endpoint: 'https://api.example.com/a' } }
              - b: { call: http, with: { method: get, endpoint: 'https://api.example.com/b' } }
    """
    And given 'https://api.example.com/a' answers:
    """yaml
    { body: { from: a } }
    """
    And given 'https://api.example.com/b' answers:
    """yaml
    { body: { from: b } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { from: a }, { from: b } ]
    """

  Scenario Outline: A call that cannot be made is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: http-refused, version: '1.0.0' }
    do:
      - go: { call: http, with: <with> }
    """
    Then the workflow should be refused

    Examples:
      | what                        | with                                                                      |
      | no method                   | { endpoint: 'https://api.example.com' }                                   |
      | no endpoint                 | { method: get }                                                           |
      | an unknown key              | { method: get, endpoint: 'https://api.example.com', bdy: {} }             |
      | an unknown output           | { method: get, endpoint: 'https://api.example.com', output: all }         |
      | an unknown authentication   | { method: get, endpoint: { uri: 'https://api.example.com', authentication: { use: nobody } } } |
