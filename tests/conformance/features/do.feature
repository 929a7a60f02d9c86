Feature: Do
  Lists of tasks, one inside the other.

  Scenario: A list gives the output of its last task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: do-last, version: '1.0.0' }
    do:
      - list:
          do:
            - one: { set: { a: 1 } }
            - two: { set: { b: 2 } }
      - show: { set: { got: '${ . }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: { b: 2 }
    """

  Scenario: The first task of a list sees the transformed input of the list
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: do-input, version: '1.0.0' }
    do:
      - list:
          input: { from: .x }
          do:
            - one: { set: { got: '${ . }' } }
    """
    And given the workflow input is:
    """yaml
    x: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 5
    """

  Scenario: Lists nest, and references tell where a task stands
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: do-nested, version: '1.0.0' }
    do:
      - a:
          do:
            - b:
                do:
                  - c: { set: { at: '${ $task.reference }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: /do/0/a/do/0/b/do/0/c
    """
    And a should run first
    And c should run last

  Scenario: A list's own output.as and export.as come after its last task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: do-output, version: '1.0.0' }
    do:
      - list:
          do:
            - one: { set: { a: 1 } }
          output: { as: '.a + 1' }
          export: { as: '{ kept: . }' }
      - show: { set: { got: '${ . }', context: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { got: 2, context: { kept: 2 } }
    """

  Scenario: What an inner task exports is seen by the tasks after the list
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: do-export, version: '1.0.0' }
    do:
      - list:
          do:
            - one: { set: { a: 1 }, export: { as: . } }
      - show: { set: { context: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    context: { a: 1 }
    """

  Scenario: The same name may stand in two lists
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: do-same-name, version: '1.0.0' }
    do:
      - first: { do: [ { step: { set: { n: 1 } } } ] }
      - second: { do: [ { step: { set: { n: '${ .n + 1 }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And step should run 2 times

  Scenario: A list whose if is false is skipped as a whole
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: do-skipped, version: '1.0.0' }
    do:
      - list:
          if: .go
          do:
            - one: { set: { a: 1 } }
    """
    And given the workflow input is:
    """yaml
    go: false
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    go: false
    """
    And list should be skipped
    And one should not run

  Scenario: An error in an inner list faults the lists around it
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: do-fault, version: '1.0.0' }
    do:
      - list:
          do:
            - bad: { raise: { error: { type: 'https://example.com/errors/bad', status: 400 } } }
      - never: { set: { a: 1 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://example.com/errors/bad', instance: /do/0/list/do/0/bad }
    """
    And never should not run
