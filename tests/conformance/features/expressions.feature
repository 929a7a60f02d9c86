Feature: Expressions
  What runtime expressions are given, and what comes of them.

  Scenario Outline: In strict mode a string of a set is <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: strict, version: '1.0.0' }
    do:
      - put: { set: { v: '<text>' } }
    """
    And given the workflow input is:
    """yaml
    { a: 1, name: Li }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    v: <value>
    """

    Examples:
      | what                                        | text                            | value       |
      | an expression between the marks             | ${ .a + 1 }                     | 2           |
      | an expression without blanks                | ${.a}                           | 1           |
      | itself without the marks                    | .a                              | .a          |
      | itself when it only looks like jq           | $input.a                        | $input.a    |
      | one value of any type                       | ${ [.a, .name] }                | [ 1, Li ]   |
      | null for what is not there                  | ${ .b.c }                       | null        |

  Scenario Outline: An expression may be written without marks where one is meant: <place>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: bare, version: '1.0.0' }
    do:
      - put: { <place>, set: { v: 1 } }
    """
    And given the workflow input is:
    """yaml
    { ok: true }
    """
    When the workflow is executed
    Then the workflow should complete
    And put should run 1 time

    Examples:
      | place                          |
      | if: .ok                        |
      | if: '${ .ok }'                 |
      | input: { from: .ok }           |
      | output: { as: .v }             |
      | export: { as: '{ v: .v }' }    |

  Scenario Outline: Only false and null are not true: <value>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: truth, version: '1.0.0' }
    do:
      - put: { if: .v, set: { taken: true } }
    """
    And given the workflow input is:
    """yaml
    { v: <value> }
    """
    When the workflow is executed
    Then put should <fate>

    Examples:
      | value | fate       |
      | true  | complete   |
      | 0     | complete   |
      | ""    | complete   |
      | []    | complete   |
      | false | be skipped |
      | null  | be skipped |

  Scenario Outline: Numbers stay what they are: <expression>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: numbers, version: '1.0.0' }
    do:
      - put: { set: { v: '${ <expression> }' } }
    """
    And given the workflow input is:
    """yaml
    { n: 84, big: 9007199254740993 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    v: <value>
    """

    Examples:
      | expression             | value            |
      | .n / 2                 | 42               |
      | "\\(.n / 2)"            | "42"             |
      | [1, 2, 4] \| add / 2   | 3.5              |
      | .big                   | 9007199254740993 |
      | 1 / 4                  | 0.25             |
      | 7 % 3                  | 1                |
      | 3.7 \| floor           | 3                |

  Scenario Outline: The language of expressions is jq: <expression>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: jq, version: '1.0.0' }
    do:
      - put: { set: { v: '${ <expression> }' } }
    """
    And given the workflow input is:
    """yaml
    { list: [ 3, 1, 2 ], user: { first: Li, last: Wei }, text: "a,b,c" }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    v: <value>
    """

    Examples:
      | expression                                | value                  |
      | .list \| sort                             | [ 1, 2, 3 ]            |
      | .list \| map(. * 2)                       | [ 6, 2, 4 ]            |
      | [.list[] \| select(. > 1)]                | [ 3, 2 ]               |
      | .list \| length                           | 3                      |
      | .user \| keys                             | [ first, last ]        |
      | .user \| to_entries \| map(.value)        | [ Li, Wei ]            |
      | "\\(.user.first) \\(.user.last)"            | Li Wei                 |
      | .text \| split(",")                       | [ a, b, c ]            |
      | .missing // "default"                     | default                |
      | if .list[0] == 3 then "yes" else "no" end | "yes"                  |
      | .list \| any(. == 2)                      | true                   |
      | reduce .list[] as $n (0; . + $n)          | 6                      |
      | .user + { age: 5 }                        | { first: Li, last: Wei, age: 5 } |
      | .user \| has("age")                       | false                  |
      | .text \| test("^a")                       | true                   |
      | .list \| index(1)                         | 1                      |
      | .list[1:]                                 | [ 1, 2 ]               |
      | .list \| min, max \| tostring             | "1"                    |

  Scenario: Text found in data is never evaluated
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: data-is-data, version: '1.0.0' }
    do:
      - put: { set: { v: '${ .text }' } }
      - again: { set: { w: '${ .v }' } }
    """
    And given the workflow input is:
    """yaml
    text: '${ $workflow.id }'
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    w: '${ $workflow.id }'
    """

  Scenario: Keys are no expressions
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: keys, version: '1.0.0' }
    do:
      - put: { set: { '${ .a }': 1 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    '${ .a }': 1
    """

  Scenario: $task describes the task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: task-descriptor, version: '1.0.0' }
    do:
      - outer:
          do:
            - inner:
                input: { from: .x }
                set:
                  name: ${ $task.name }
                  reference: ${ $task.reference }
                  input: ${ $task.input }
                  definition: ${ $task.definition.input.from }
                  started: ${ $task.startedAt.iso8601 | type }
                  seconds: ${ ($task.startedAt.epoch.milliseconds / 1000 | floor) == $task.startedAt.epoch.seconds }
    """
    And given the workflow input is:
    """yaml
    x: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: inner
    reference: /do/0/outer/do/0/inner
    input: { x: 1 }
    definition: .x
    started: string
    seconds: true
    """

  Scenario: $task.output is the raw output
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: task-output, version: '1.0.0' }
    do:
      - one:
          set: { a: 1 }
          output: { as: .a }
          export: { as: '{ raw: $task.output, transformed: . }' }
      - show: { set: { got: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: { raw: { a: 1 }, transformed: 1 }
    """

  Scenario: $workflow describes the workflow
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: workflow-descriptor, version: '1.2.3' }
    do:
      - show:
          set:
            id: ${ $workflow.id | type }
            name: ${ $workflow.definition.document.name }
            version: ${ $workflow.definition.document.version }
            input: ${ $workflow.input }
            started: ${ $workflow.startedAt.iso8601 }
    """
    And given the time is '2026-05-01T08:00:00Z'
    And given the workflow input is:
    """yaml
    [ 1 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { id: string, name: workflow-descriptor, version: 1.2.3, input: [ 1 ], started: '2026-05-01T08:00:00Z' }
    """

  Scenario: $runtime names the runtime
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: runtime-descriptor, version: '1.0.0' }
    do:
      - show: { set: { name: '${ $runtime.name | type }', version: '${ $runtime.version | type }', more: '${ $runtime | has("metadata") }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { name: string, version: string, more: true }
    """

  Scenario: The time of the workflow's beginning does not change while it runs
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: started-at, version: '1.0.0' }
    do:
      - one: { set: { at: '${ $workflow.startedAt.epoch.milliseconds }', task: '${ $task.startedAt.epoch.milliseconds }' } }
      - pause: { wait: PT5S }
      - two:
          set:
            workflow: ${ $workflow.startedAt.epoch.milliseconds - .at }
            task: ${ $task.startedAt.epoch.milliseconds - .task }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { workflow: 0, task: 5000 }
    """

  Scenario Outline: An expression that fails is an expression error: <expression>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: failing, version: '1.0.0' }
    do:
      - put: { set: { v: '${ <expression> }' } }
    """
    And given the workflow input is:
    """yaml
    { n: 1, text: x }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/put
    """

    Examples:
      | expression          |
      | .n + .text          |
      | .text.a             |
      | .n[0]               |
      | error("no")         |
      | .text \| tonumber   |
      | .n \| keys          |
      | { a: 1 } - 1        |

  Scenario Outline: What a server must not give away or wait for is refused at deployment: <expression>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: forbidden, version: '1.0.0' }
    do:
      - put: { set: { v: '${ <expression> }' } }
    """
    Then the workflow should be refused

    Examples:
      | expression      |
      | halt            |
      | env             |
      | $ENV            |
      | input           |
      | debug           |
      | now             |
      | $nothing        |
      | nofunction(1)   |
      | def f: f; f     |
      | .a \|           |
      | [.a             |

  Scenario Outline: An expression that never ends is an expression error: <expression>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: endless, version: '1.0.0' }
    do:
      - put: { set: { v: '${ <expression> }' } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/expression
    status: 400
    """

    Examples:
      | expression                 |
      | [range(1000000000)]        |
      | [recurse(.)] \| length     |
      | "a" * 1000000000           |

  Scenario: The first of several values counts
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: several, version: '1.0.0' }
    do:
      - put: { set: { v: '${ .list[] }' } }
    """
    And given the workflow input is:
    """yaml
    list: [ 5, 6 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    v: 5
    """

  Scenario: No value at all is an expression error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: no-value, version: '1.0.0' }
    do:
      - put: { set: { v: '${ empty }' } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/expression', status: 400, instance: /do/0/put }
    """

  Scenario Outline: In loose mode a string is an expression if it is one: <text>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: loose, version: '1.0.0' }
    evaluate: { mode: loose }
    do:
      - put: { set: { v: '<text>' } }
    """
    And given the workflow input is:
    """yaml
    { a: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    v: <value>
    """

    Examples:
      | text           | value          |
      | .a + 1         | 2              |
      | ${ .a }        | 1              |
      | Hello, world!  | Hello, world!  |
      | 12:30          | '12:30'        |

  Scenario: jq is the language, and may be named
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: named-language, version: '1.0.0' }
    evaluate: { language: jq, mode: strict }
    do:
      - put: { set: { v: '${ 1 + 1 }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    v: 2
    """

  Scenario: A language that is not there is refused
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: other-language, version: '1.0.0' }
    evaluate: { language: javascript }
    do:
      - put: { set: { v: 1 } }
    """
    Then the workflow should be refused
