Feature: Fork
  Branches that run side by side, and what becomes of their results.

  Scenario: A joining fork gives the outputs of its branches in the order in which they are written
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-join, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - slow: { do: [ { pause: { wait: PT10S } }, { put: { set: { from: slow } } } ] }
              - quick: { set: { from: quick } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { from: slow }, { from: quick } ]
    """
    And the workflow should have taken PT10S

  Scenario: Branches run at the same time
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-parallel, version: '1.0.0' }
    do:
      - all:
          fork:
            branches:
              - a: { wait: PT10S }
              - b: { wait: PT20S }
              - c: { wait: PT15S }
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow should have taken PT20S
    And b should have begun after PT0S

  Scenario: Each branch sees the transformed input of the fork
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-input, version: '1.0.0' }
    do:
      - both:
          input: { from: .x }
          fork:
            branches:
              - a: { set: { got: '${ . }' } }
              - b: { set: { got: '${ . + 1 }' } }
    """
    And given the workflow input is:
    """yaml
    x: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { got: 1 }, { got: 2 } ]
    """

  Scenario: A fork with one branch gives an array of one
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-one, version: '1.0.0' }
    do:
      - one: { fork: { branches: [ { a: { set: { n: 1 } } } ] } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { n: 1 } ]
    """

  Scenario: A skipped branch gives the fork's input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-skipped, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - a: { if: 'false', set: { n: 1 } }
              - b: { set: { n: 2 } }
    """
    And given the workflow input is:
    """yaml
    n: 0
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { n: 0 }, { n: 2 } ]
    """

  Scenario: In a competing fork the first branch that completes wins
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-compete, version: '1.0.0' }
    do:
      - race:
          fork:
            compete: true
            branches:
              - slow: { do: [ { pauseLong: { wait: PT10S } }, { putSlow: { set: { from: slow } } } ] }
              - quick: { do: [ { pauseShort: { wait: PT5S } }, { putQuick: { set: { from: quick } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    from: quick
    """
    And the workflow should have taken PT5S
    And putSlow should not run
    And pauseLong should cancel

  Scenario: Of branches that complete at the same time the first written wins
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-tie, version: '1.0.0' }
    do:
      - race:
          fork:
            compete: true
            branches:
              - a: { set: { from: a } }
              - b: { set: { from: b } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    from: a
    """

  Scenario: A wait that races an event is a deadline
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-deadline, version: '1.0.0' }
    do:
      - race:
          fork:
            compete: true
            branches:
              - answer: { listen: { to: { one: { with: { type: com.example.answer } } } }, output: { as: '{ answer: .[0].text }' } }
              - late: { do: [ { pause: { wait: PT1H } }, { tell: { set: { answer: none } } } ] }
    """
    When the workflow is started
    And PT30M passes
    And this event is published:
    """yaml
    { type: com.example.answer, data: { text: yes } }
    """
    Then the workflow should complete with output:
    """yaml
    answer: yes
    """
    And tell should not run

  Scenario: The deadline passes when no event comes
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-late, version: '1.0.0' }
    do:
      - race:
          fork:
            compete: true
            branches:
              - answer: { listen: { to: { one: { with: { type: com.example.answer } } } } }
              - late: { do: [ { pause: { wait: PT1H } }, { tell: { set: { answer: none } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    answer: none
    """
    And the workflow should have taken PT1H

  Scenario: Changes of the context are joined in the order in which the branches are written
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-context, version: '1.0.0' }
    do:
      - before: { set: { a: 0, keep: 1 }, export: { as: . } }
      - both:
          fork:
            branches:
              - late: { do: [ { pause: { wait: PT5S } }, { put: { set: { b: 1 }, export: { as: '$context + { b: 1 }' } } } ] }
              - early: { set: { c: 2 }, export: { as: '$context + { c: 2 }' } }
      - show: { set: { context: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    context: { a: 0, keep: 1, b: 1, c: 2 }
    """

  Scenario: When two branches change the same key the one written last stays
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-conflict, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - a: { set: { k: a }, export: { as: '{ k: .k }' } }
              - b: { set: { k: b }, export: { as: '{ k: .k }' } }
      - show: { set: { context: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    context: { k: b }
    """

  Scenario: A branch does not see what another exports
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-isolated, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - writer: { set: { k: 1 }, export: { as: . } }
              - reader: { do: [ { pause: { wait: PT5S } }, { read: { set: { seen: '${ $context.k }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { k: 1 }, { seen: null } ]
    """

  Scenario: Of a competing fork only the winner's changes stay
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-winner-context, version: '1.0.0' }
    do:
      - race:
          fork:
            compete: true
            branches:
              - loser:
                  do:
                    - mark: { set: { l: 1 }, export: { as: '$context + { loser: true }' } }
                    - pause: { wait: PT10S }
              - winner: { do: [ { wait5: { wait: PT5S } }, { put: { set: { w: 1 }, export: { as: '$context + { winner: true }' } } } ] }
      - show: { set: { context: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    context: { winner: true }
    """

  Scenario: A branch that fails fails a joining fork and cancels the others
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-fails, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - slow: { wait: PT1H }
              - bad: { do: [ { pause: { wait: PT5S } }, { fail: { raise: { error: { type: 'https://example.com/e', status: 418 } } } } ] }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { status: 418, instance: /do/0/both/fork/branches/1/bad/do/1/fail }
    """
    And the workflow should have taken PT5S
    And slow should cancel

  Scenario: A failing branch may be caught inside itself
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-caught-inside, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - good: { set: { ok: true } }
              - bad:
                  try: [ { fail: { raise: { error: { type: 'https://example.com/e', status: 418 } } } } ]
                  catch: { do: [ { note: { set: { caught: '${ $error.status }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ { ok: true }, { caught: 418 } ]
    """

  Scenario: A try around a fork catches the error of a branch
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-caught, version: '1.0.0' }
    do:
      - attempt:
          try:
            - both:
                fork:
                  branches:
                    - slow: { wait: PT1H }
                    - bad: { raise: { error: { type: 'https://example.com/e', status: 418 } } }
          catch: { do: [ { note: { set: { caught: '${ $error.status }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: 418
    """
    And the workflow should have taken PT0S

  Scenario: In a competing fork a branch that fails is out of the race
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-out, version: '1.0.0' }
    do:
      - race:
          fork:
            compete: true
            branches:
              - bad: { raise: { error: { type: 'https://example.com/e', status: 418 } } }
              - good: { do: [ { pause: { wait: PT5S } }, { put: { set: { from: good } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    from: good
    """

  Scenario: A competing fork fails when all of its branches have
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-all-out, version: '1.0.0' }
    do:
      - race:
          fork:
            compete: true
            branches:
              - a: { raise: { error: { type: 'https://example.com/e', status: 418 } } }
              - b: { do: [ { pause: { wait: PT5S } }, { fail: { raise: { error: { type: 'https://example.com/e', status: 418 } } } } ] }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 418
    """
    And the workflow should have taken PT5S

  Scenario: Forks nest
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-nested, version: '1.0.0' }
    do:
      - outer:
          fork:
            branches:
              - a: { fork: { branches: [ { a1: { set: { n: 1 } } }, { a2: { set: { n: 2 } } } ] } }
              - b: { set: { n: 3 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ [ { n: 1 }, { n: 2 } ], { n: 3 } ]
    """

  Scenario: exit in a branch ends that branch only
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-exit, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - a: { do: [ { one: { set: { n: 1 }, then: exit } }, { never: { set: { n: 9 } } } ] }
              - b: { set: { n: 2 } }
      - show: { set: { got: '${ . }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: [ { n: 1 }, { n: 2 } ]
    """
    And never should not run

  Scenario: end in a branch ends the workflow
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-end, version: '1.0.0' }
    do:
      - both:
          fork:
            branches:
              - a: { do: [ { one: { set: { n: 1 }, then: end } } ] }
              - b: { wait: PT1H }
      - never: { set: { n: 9 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """
    And the workflow should have taken PT0S
    And never should not run

  Scenario: A timeout of a fork cancels its branches
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-timeout, version: '1.0.0' }
    do:
      - both:
          timeout: { after: PT5S }
          fork: { branches: [ { a: { wait: PT1H } }, { b: { wait: PT2H } } ] }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { status: 408, instance: /do/0/both }
    """
    And the workflow should have taken PT5S
    And a should cancel

  Scenario: Branches of a loop's rounds do not meet
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-in-for, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2 ]' }
          do:
            - both:
                fork:
                  branches:
                    - a: { do: [ { pause: { wait: PT1S } }, { x: { set: '${ $item * 10 }' } } ] }
                    - b: { set: '${ $item }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ 20, 2 ]
    """
    And the workflow should have taken PT2S

  Scenario: A branch may not lead to another
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: fork-then, version: '1.0.0' }
    do:
      - both:
          fork: { branches: [ { a: { set: { n: 1 }, then: b } }, { b: { set: { n: 2 } } } ] }
    """
    Then the workflow should be refused
