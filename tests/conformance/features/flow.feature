Feature: Flow directives
  Where a task leads.

  Scenario: continue is the next task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-continue, version: '1.0.0' }
    do:
      - one: { set: { n: 1 }, then: continue }
      - two: { set: { n: '${ .n + 1 }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """

  Scenario: end ends the workflow with the output of the task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-end, version: '1.0.0' }
    do:
      - one: { set: { n: 1 }, then: end }
      - two: { set: { n: 2 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And two should not run

  Scenario: end in an inner list ends the workflow too
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-end-inner, version: '1.0.0' }
    do:
      - list:
          do:
            - one: { set: { n: 1 }, then: end }
            - two: { set: { n: 2 } }
      - three: { set: { n: 3 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And three should not run

  Scenario: The workflow's output.as still comes after end
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-end-output, version: '1.0.0' }
    output: { as: '{ result: .n }' }
    do:
      - one: { set: { n: 1 }, then: end }
      - two: { set: { n: 2 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    result: 1
    """

  Scenario: exit leaves the list and goes on after it
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-exit, version: '1.0.0' }
    do:
      - list:
          do:
            - one: { set: { n: 1 }, then: exit }
            - two: { set: { n: 2 } }
      - three: { set: { got: '${ .n }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 1
    """
    And two should not run

  Scenario: exit at the top level ends the workflow
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-exit-top, version: '1.0.0' }
    do:
      - one: { set: { n: 1 }, then: exit }
      - two: { set: { n: 2 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  Scenario: A task of the same list may be named, forwards
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-forward, version: '1.0.0' }
    do:
      - one: { set: { n: 1 }, then: three }
      - two: { set: { n: 2 } }
      - three: { set: { n: '${ .n + 10 }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 11
    """
    And two should not run

  Scenario: The then of a skipped task is followed
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-skipped, version: '1.0.0' }
    do:
      - one: { if: 'false', set: { n: 1 }, then: three }
      - two: { set: { n: 2 } }
      - three: { set: { came: here } }
    """
    When the workflow is executed
    Then one should be skipped
    And two should not run
    And three should complete

  Scenario: The then of a list is followed after its last task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-list, version: '1.0.0' }
    do:
      - list: { do: [ { one: { set: { n: 1 } } } ], then: three }
      - two: { set: { n: 2 } }
      - three: { set: { got: '${ .n }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 1
    """

  Scenario: exit is followed by the then of the list it leaves
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: exit-then, version: '1.0.0' }
    do:
      - list: { do: [ { one: { set: { n: 1 }, then: exit } }, { skip: { set: { n: 5 } } } ], then: three }
      - two: { set: { n: 2 } }
      - three: { set: { got: '${ .n }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 1
    """
    And two should not run

  Scenario Outline: A directive that leads nowhere is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: then-refused, version: '1.0.0' }
    do:
      - outer: { set: { a: 1 }, then: <top> }
      - list:
          do:
            - inner: { set: { b: 1 }, then: <nested> }
    """
    Then the workflow should be refused

    Examples:
      | what                         | top      | nested   |
      | a name that is not there     | nowhere  | continue |
      | a task of an inner list      | inner    | continue |
      | a task of an outer list      | continue | outer    |
      | another spelling             | List     | continue |
