Feature: If
  Tasks that are skipped, and what that means.

  Scenario: A skipped task gives its input on
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: if-output, version: '1.0.0' }
    do:
      - put: { if: .go, set: { a: 1 } }
      - show: { set: { got: '${ . }' } }
    """
    And given the workflow input is:
    """yaml
    go: false
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: { go: false }
    """

  Scenario: A condition sees the raw input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: if-raw, version: '1.0.0' }
    do:
      - put: { if: '.user.name == "Li"', input: { from: .user }, set: { name: '${ .name }' } }
    """
    And given the workflow input is:
    """yaml
    user: { name: Li }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    name: Li
    """

  Scenario: A skipped task is asked for nothing: no schema, no transformation, no export
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: if-nothing, version: '1.0.0' }
    do:
      - put:
          if: 'false'
          input: { schema: { document: { required: [ absent ] } }, from: .a.b.c }
          set: { a: 1 }
          output: { as: .x, schema: { document: { type: string } } }
          export: { as: '{ exported: true }' }
      - show: { set: { got: '${ . }', context: '${ $context }' } }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { got: { n: 1 }, context: {} }
    """

  Scenario: A condition that fails is an expression error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: if-fails, version: '1.0.0' }
    do:
      - put: { if: '.n + 1 == 2', set: { a: 1 } }
    """
    And given the workflow input is:
    """yaml
    n: text
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/put
    """

  Scenario: A workflow all of whose tasks are skipped gives its input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: if-all, version: '1.0.0' }
    do:
      - one: { if: 'false', set: { a: 1 } }
      - two: { if: 'false', set: { a: 2 } }
    """
    And given the workflow input is:
    """yaml
    a: 0
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    a: 0
    """

  Scenario Outline: Every kind of task may have a condition: <task>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: if-kinds, version: '1.0.0' }
    do:
      - it: { if: 'false', <task> }
    """
    When the workflow is executed
    Then the workflow should complete
    And it should be skipped
    And the workflow should have taken PT0S

    Examples:
      | task                                                              |
      | wait: PT1H                                                        |
      | raise: { error: { type: 'https://example.com/e', status: 500 } }  |
      | emit: { event: { with: { type: a.b } } }                          |
      | for: { in: '[1]' }, do: [ { x: { set: { a: 1 } } } ]              |
      | try: [ { x: { set: { a: 1 } } } ], catch: {}                      |
      | listen: { to: { one: { with: { type: a.b } } } }                  |
