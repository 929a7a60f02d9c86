Feature: Switch
  Which case is taken, and where it leads.

  Scenario Outline: The first case that holds is taken: <n>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: first-case, version: '1.0.0' }
    do:
      - choose:
          switch:
            - large: { when: '.n > 10', then: isLarge }
            - medium: { when: '.n > 5', then: isMedium }
            - other: { then: isSmall }
      - isLarge: { set: { size: large }, then: end }
      - isMedium: { set: { size: medium }, then: end }
      - isSmall: { set: { size: small }, then: end }
    """
    And given the workflow input is:
    """yaml
    n: <n>
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    size: <size>
    """
    And choose should run first

    Examples:
      | n  | size   |
      | 20 | large  |
      | 7  | medium |
      | 1  | small  |

  Scenario: A switch gives its input on
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: switch-output, version: '1.0.0' }
    do:
      - choose: { switch: [ { any: { then: show } } ] }
      - show: { set: { got: '${ . }' } }
    """
    And given the workflow input is:
    """yaml
    a: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: { a: 1 }
    """

  Scenario: The conditions see the transformed input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: switch-input, version: '1.0.0' }
    do:
      - choose:
          input: { from: .n }
          switch:
            - five: { when: '. == 5', then: yes }
            - other: { then: no }
      - yes: { set: { five: true }, then: end }
      - no: { set: { five: false } }
    """
    And given the workflow input is:
    """yaml
    n: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    five: true
    """

  Scenario: Without a match and a default case the switch goes on to the next task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: switch-next, version: '1.0.0' }
    do:
      - choose: { switch: [ { never: { when: 'false', then: end } } ] }
      - next: { set: { came: here } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    came: here
    """

  Scenario: Without a match the switch's own then is followed
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: switch-then, version: '1.0.0' }
    do:
      - choose: { switch: [ { never: { when: 'false', then: end } } ], then: last }
      - middle: { set: { came: middle } }
      - last: { set: { came: last } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    came: last
    """
    And middle should not run

  Scenario: The default case counts wherever it stands
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: default-first, version: '1.0.0' }
    do:
      - choose:
          switch:
            - other: { then: isOther }
            - five: { when: '.n == 5', then: isFive }
      - isOther: { set: { is: other }, then: end }
      - isFive: { set: { is: five } }
    """
    And given the workflow input is:
    """yaml
    n: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    is: five
    """

  Scenario Outline: A case may lead to <then>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: switch-directive, version: '1.0.0' }
    do:
      - list:
          do:
            - choose: { switch: [ { any: { then: <then> } } ] }
            - inner: { set: { came: inner } }
      - outer: { set: { came: '${ .came // "directly" }', past: outer } }
    """
    And given the workflow input is:
    """yaml
    { came: null }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    <output>
    """

    Examples:
      | then     | output                          |
      | continue | { came: inner, past: outer }    |
      | exit     | { came: directly, past: outer } |
      | end      | { came: null }                  |
      | inner    | { came: inner, past: outer }    |

  Scenario: A switch may lead back
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: switch-back, version: '1.0.0' }
    do:
      - count: { set: { n: '${ (.n // 0) + 1 }' } }
      - again: { switch: [ { more: { when: '.n != 3', then: count } } ] }
      - done: { set: { after: '${ .n }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    after: 3
    """
    And count should run 3 times

  Scenario: A condition that fails is an expression error of the switch
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: switch-fails, version: '1.0.0' }
    do:
      - choose: { switch: [ { bad: { when: '.n + 1 == 2', then: end } } ] }
    """
    And given the workflow input is:
    """yaml
    n: text
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/expression
    instance: /do/0/choose
    """

  Scenario Outline: A switch that cannot be meant is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: switch-refused, version: '1.0.0' }
    do:
      - choose: { switch: <cases> }
      - next: { set: { a: 1 } }
    """
    Then the workflow should be refused

    Examples:
      | what                      | cases                                               |
      | no cases                  | []                                                  |
      | two default cases         | [ { a: { then: next } }, { b: { then: end } } ]     |
      | a case without then       | [ { a: { when: .x } } ]                             |
      | a task that is not there  | [ { a: { then: nxt } } ]                            |
