Feature: Functions
  Tasks that have a name and are called.

  Scenario: with is the input of the function, and its output that of the call
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-call, version: '1.0.0' }
    use:
      functions:
        double: { set: { result: '${ .n * 2 }' } }
    do:
      - twice: { call: double, with: { n: '${ .amount }' } }
    """
    And given the workflow input is:
    """yaml
    amount: 4
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    result: 8
    """

  Scenario: A function may be a list of tasks
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-list, version: '1.0.0' }
    use:
      functions:
        steps:
          do:
            - one: { set: { n: '${ .n + 1 }' } }
            - two: { set: { n: '${ .n * 10 }' } }
    do:
      - go: { call: steps, with: { n: 1 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 20
    """

  Scenario: A function has a context of its own, and the caller keeps its
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-context, version: '1.0.0' }
    use:
      functions:
        peek:
          do:
            - look: { set: { seen: '${ $context }' } }
            - change: { set: '${ . }', export: { as: '{ own: true }' } }
    do:
      - keep: { set: { k: 1 }, export: { as: . } }
      - go: { call: peek, with: {} }
      - show: { set: { seen: '${ .seen }', mine: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { seen: {}, mine: { k: 1 } }
    """

  Scenario: A function's schemas are asked
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-schema, version: '1.0.0' }
    use:
      functions:
        double:
          input: { schema: { document: { required: [ n ], properties: { n: { type: integer } } } } }
          set: { result: '${ .n * 2 }' }
    do:
      - twice: { call: double, with: { n: '${ .amount }' } }
    """
    And given the workflow input is:
    """yaml
    amount: many
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/validation', status: 400 }
    """

  Scenario: A function may call a function
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-nested, version: '1.0.0' }
    use:
      functions:
        increment: { set: { n: '${ .n + 1 }' } }
        twice:
          do:
            - one: { call: increment, with: { n: '${ .n }' } }
            - two: { call: increment, with: { n: '${ .n }' } }
    do:
      - go: { call: twice, with: { n: 5 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 7
    """

  Scenario: The same function may be called from several tasks
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-shared, version: '1.0.0' }
    use: { functions: { increment: { set: { n: '${ .n + 1 }' } } } }
    do:
      - one: { call: increment, with: { n: 1 } }
      - two: { call: increment, with: { n: '${ .n }' } }
      - loop: { for: { in: '[ 1, 2 ]' }, do: [ { more: { call: increment, with: { n: '${ .n }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 5
    """

  Scenario: A function may wait
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-wait, version: '1.0.0' }
    use: { functions: { slow: { do: [ { pause: { wait: '${ .time }' } }, { answer: { set: { ok: true } } } ] } } }
    do:
      - go: { call: slow, with: { time: PT30S } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the workflow should have taken PT30S

  Scenario: An error in a function may be caught by the caller, whose context is its own again
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-error, version: '1.0.0' }
    use:
      functions:
        bad:
          do:
            - change: { set: { x: 1 }, export: { as: '{ own: true }' } }
            - fail: { raise: { error: { type: 'https://example.com/e', status: 418 } } }
    do:
      - keep: { set: { k: 1 }, export: { as: . } }
      - attempt:
          try: [ { go: { call: bad, with: {} } } ]
          catch: { do: [ { note: { set: { caught: '${ $error.status }', mine: '${ $context }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { caught: 418, mine: { k: 1 } }
    """

  Scenario: The caller's variables are not the function's
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-variables, version: '1.0.0' }
    use: { functions: { peek: { set: { seen: '${ $item }' } } } }
    do:
      - loop: { for: { in: '[ 1 ]' }, do: [ { go: { call: peek, with: {} } } ] }
    """
    Then the workflow should be refused

  Scenario: The call's own output.as and export.as come after the function's
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-output, version: '1.0.0' }
    use: { functions: { make: { set: { a: { b: 2 } }, output: { as: .a } } } }
    do:
      - go: { call: make, with: {}, output: { as: .b }, export: { as: '{ kept: . }' } }
      - show: { set: { got: '${ . }', context: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { got: 2, context: { kept: 2 } }
    """

  Scenario: exit in a function ends its list
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-exit, version: '1.0.0' }
    use:
      functions:
        early: { do: [ { one: { set: { n: 1 }, then: exit } }, { never: { set: { n: 2 } } } ] }
    do:
      - go: { call: early, with: {} }
      - next: { set: { got: '${ .n }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 1
    """
    And never should not run

  Scenario Outline: A call that cannot be made is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-refused, version: '1.0.0' }
    use: { functions: { known: { set: { a: 1 } }, own: { call: own } } }
    do:
      - go: { call: <call> }
    """
    Then the workflow should be refused

    Examples:
      | what                              | call                     |
      | a function that is not there      | knwn                     |
      | a function that calls itself      | own                      |
      | a catalog that is not there       | 'x:1.0.0@nowhere'        |

  Scenario: A function of a catalog is read from its place below the catalog's address
    Given 'https://api.example.com/catalog/functions/double/1.0.0/function.yaml' answers:
    """yaml
    headers: { content-type: application/yaml }
    text: |
      input: { schema: { document: { required: [ n ] } } }
      set: { result: '${ .n * 2 }' }
    """
    And a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-catalog, version: '1.0.0' }
    use: { catalogs: { ours: { endpoint: 'https://api.example.com/catalog' } } }
    do:
      - twice: { call: 'double:1.0.0@ours', with: { n: 4 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    result: 8
    """
    And 'https://api.example.com/catalog/functions/double/1.0.0/function.yaml' should have been asked 1 time

  Scenario: A function of a catalog that is not there is refused
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: function-catalog-missing, version: '1.0.0' }
    use: { catalogs: { ours: { endpoint: 'https://api.example.com/catalog' } } }
    do:
      - twice: { call: 'nothing:1.0.0@ours', with: { n: 4 } }
    """
    Then the workflow should be refused
