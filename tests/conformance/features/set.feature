Feature: Set
  What a set task makes of its value.

  Scenario: A literal is set as it is
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: set-literal, version: '1.0.0' }
    do:
      - put: { set: { a: 1, b: [ x, { c: null } ] } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { a: 1, b: [ x, { c: null } ] }
    """

  Scenario: Expressions are evaluated at any depth
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: set-deep, version: '1.0.0' }
    do:
      - put: { set: { a: { b: [ '${ .n }', { c: '${ .n + 1 }' } ] } } }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    a: { b: [ 1, { c: 2 } ] }
    """

  Scenario: What is set replaces the input, it is not merged into it
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: set-replaces, version: '1.0.0' }
    do:
      - put: { set: { b: 2 } }
    """
    And given the workflow input is:
    """yaml
    a: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    b: 2
    """

  Scenario: The whole value may be one expression
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: set-expression, version: '1.0.0' }
    do:
      - put: { set: '${ . + { b: 2 } }' }
    """
    And given the workflow input is:
    """yaml
    a: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { a: 1, b: 2 }
    """

  Scenario: All expressions of a set see the same input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: set-same-input, version: '1.0.0' }
    do:
      - swap: { set: { a: '${ .b }', b: '${ .a }' } }
    """
    And given the workflow input is:
    """yaml
    { a: 1, b: 2 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { a: 2, b: 1 }
    """

  Scenario Outline: What cannot be set is refused: <value>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: set-refused, version: '1.0.0' }
    do:
      - put: { set: <value> }
    """
    Then the workflow should be refused

    Examples:
      | value     |
      | {}        |
      | [ 1 ]     |
      | 5         |
