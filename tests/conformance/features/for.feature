Feature: For
  Loops over lists and conditions.

  Scenario: The item is $item and the index $index unless they are named
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-defaults, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ "a", "b" ]' }
          do:
            - add: { set: { seen: '${ (.seen // []) + [ [ $index, $item ] ] }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ [ 0, a ], [ 1, b ] ]
    """

  Scenario: Both variables may be named
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-named, version: '1.0.0' }
    do:
      - loop:
          for: { each: pet, at: place, in: .pets }
          do:
            - add: { set: { seen: '${ (.seen // []) + [ "\($place):\($pet)" ] }' } }
    """
    And given the workflow input is:
    """yaml
    pets: [ cat, dog ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ '0:cat', '1:dog' ]
    """

  Scenario: The output of a round is the input of the next, and the last one that of the loop
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-chain, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2, 3 ]' }
          do:
            - add: { set: { sum: '${ (.sum // 0) + $item }' } }
      - show: { set: { got: '${ .sum }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 6
    """

  Scenario: A loop over nothing gives its input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-empty, version: '1.0.0' }
    do:
      - loop: { for: { in: '[]' }, do: [ { never: { set: { a: 1 } } } ] }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And never should not run

  Scenario Outline: A loop over <what> is an expression error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-not-a-list, version: '1.0.0' }
    do:
      - loop: { for: { in: .list }, do: [ { never: { set: { a: 1 } } } ] }
    """
    And given the workflow input is:
    """yaml
    list: <value>
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/expression
    status: 400
    instance: /do/0/loop
    """

    Examples:
      | what      | value    |
      | a text    | abc      |
      | a number  | 3        |
      | null      | null     |
      | an object | { a: 1 } |

  Scenario: The list may be written in place, with expressions in it
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-inline, version: '1.0.0' }
    do:
      - loop:
          for: { in: [ { n: 1 }, { n: '${ .base }' } ] }
          do:
            - add: { set: { base: '${ .base }', seen: '${ (.seen // []) + [ $item.n ] }' } }
    """
    And given the workflow input is:
    """yaml
    base: 5
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { base: 5, seen: [ 1, 5 ] }
    """

  Scenario: The list is taken once, at the beginning
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-once, version: '1.0.0' }
    do:
      - loop:
          for: { in: .list }
          do:
            - grow: { set: { list: '${ .list + [ $item ] }' } }
    """
    And given the workflow input is:
    """yaml
    list: [ 1, 2 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    list: [ 1, 2, 1, 2 ]
    """
    And grow should run 2 times

  Scenario: while is asked before each round and ends the loop when it does not hold
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-while, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2, 3, 4 ]' }
          while: (.sum // 0) + $item != 6
          do:
            - add: { set: { sum: '${ (.sum // 0) + $item }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    sum: 3
    """
    And add should run 2 times

  Scenario: while may end the loop before the first round
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-while-first, version: '1.0.0' }
    do:
      - loop: { for: { in: '[ 1, 2 ]' }, while: 'false', do: [ { never: { set: { a: 1 } } } ] }
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  Scenario: exit ends the round, not the loop
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-exit, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2, 3 ]' }
          do:
            - odd: { switch: [ { even: { when: '$item == 2', then: exit } } ] }
            - add: { set: { seen: '${ (.seen // []) + [ $item ] }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ 1, 3 ]
    """

  Scenario: end in a loop ends the workflow
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-end, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2, 3 ]' }
          do:
            - add: { set: { n: '${ $item }' }, then: end }
      - never: { set: { a: 1 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And add should run 1 time
    And never should not run

  Scenario: A loop in a loop sees the variables of both
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-nested, version: '1.0.0' }
    do:
      - rows:
          for: { each: row, in: '[ "a", "b" ]' }
          do:
            - columns:
                for: { each: column, in: '[ 1, 2 ]' }
                do:
                  - add: { set: { cells: '${ (.cells // []) + [ "\($row)\($column)" ] }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    cells: [ a1, a2, b1, b2 ]
    """

  Scenario: The inner variable hides the outer one of the same name, and only inside
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-hidden, version: '1.0.0' }
    do:
      - outer:
          for: { in: '[ 1 ]' }
          do:
            - inner: { for: { in: '[ 9 ]' }, do: [ { note: { set: { inner: '${ $item }' } } } ] }
            - after: { set: '${ . + { outer: $item } }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { inner: 9, outer: 1 }
    """

  Scenario: The variables end with the loop
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-scope, version: '1.0.0' }
    do:
      - loop: { for: { in: '[ 1 ]' }, do: [ { note: { set: { a: 1 } } } ] }
      - after: { set: { a: '${ $item }' } }
    """
    Then the workflow should be refused

  Scenario: What rounds export adds up
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-export, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2, 3 ]' }
          do:
            - add: { set: { n: '${ $item }' }, export: { as: '{ sum: (($context.sum // 0) + .n) }' } }
      - show: { set: { got: '${ $context.sum }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 6
    """

  Scenario: A round that waits makes the next one wait
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-wait, version: '1.0.0' }
    do:
      - loop: { for: { in: '[ 1, 2, 3 ]' }, do: [ { pause: { wait: PT10S } } ] }
    """
    When the workflow is executed
    Then pause should have begun after PT0S, PT10S, PT20S
    And the workflow should have taken PT30S

  Scenario: An error in a round ends the loop
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-error, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2, 3 ]' }
          do:
            - fail: { if: '$item == 2', raise: { error: { type: 'https://example.com/e', status: 418 } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { status: 418, instance: /do/0/loop/do/0/fail }
    """

  Scenario: An error may be caught in each round
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: for-caught, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2, 3 ]' }
          do:
            - attempt:
                try:
                  - fail: { if: '$item == 2', raise: { error: { type: 'https://example.com/e', status: 418 } } }
                  - good: { set: { seen: '${ (.seen // []) + [ $item ] }' } }
                catch: { errors: { with: { status: 418 } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ 1, 3 ]
    """
