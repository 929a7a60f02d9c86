Feature: Timeouts
  What ends when it takes too long.

  Scenario: A task that takes too long is a timeout error of that task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-task, version: '1.0.0' }
    do:
      - slow: { wait: PT1H, timeout: { after: PT5S } }
      - never: { set: { a: 1 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/timeout
    status: 408
    instance: /do/0/slow
    """
    And the workflow should have taken PT5S
    And never should not run

  Scenario: A task that is in time has no timeout
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-in-time, version: '1.0.0' }
    do:
      - quick: { wait: PT5S, timeout: { after: PT10S } }
      - after: { wait: PT1H }
    """
    When the workflow is executed
    Then the workflow should complete
    And the workflow should have taken PT1H5S

  Scenario: A timeout may be caught
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-caught, version: '1.0.0' }
    do:
      - attempt:
          try: [ { slow: { wait: PT1H, timeout: { after: PT5S } } } ]
          catch:
            errors: { with: { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/timeout', status: 408 } }
            do: [ { note: { set: { late: true } } } ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    late: true
    """

  Scenario: A timeout of a list counts all of its tasks
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-list, version: '1.0.0' }
    do:
      - list:
          timeout: { after: PT15S }
          do: [ { a: { wait: PT10S } }, { b: { wait: PT10S } } ]
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { status: 408, instance: /do/0/list }
    """
    And a should complete
    And b should cancel

  Scenario: Of nested timeouts the first to pass counts
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-nested, version: '1.0.0' }
    do:
      - outer:
          timeout: { after: PT5S }
          do: [ { inner: { wait: PT1H, timeout: { after: PT10S } } } ]
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/0/outer
    """

  Scenario: A timeout of a loop counts all rounds
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-loop, version: '1.0.0' }
    do:
      - loop:
          timeout: { after: PT25S }
          for: { in: '[ 1, 2, 3, 4 ]' }
          do: [ { pause: { wait: PT10S } } ]
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { status: 408, instance: /do/0/loop }
    """
    And pause should run 3 times

  Scenario: The workflow's timeout faults the workflow
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-workflow, version: '1.0.0' }
    timeout: { after: PT10S }
    do:
      - slow: { wait: PT1H }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/timeout', status: 408 }
    """
    And the workflow should have taken PT10S
    And slow should cancel

  Scenario: No try catches the workflow's timeout
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-not-caught, version: '1.0.0' }
    timeout: { after: PT10S }
    do:
      - attempt: { try: [ { slow: { wait: PT1H } } ], catch: { do: [ { never: { set: { a: 1 } } } ] } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 408
    """
    And never should not run

  Scenario: A timeout may be named in use.timeouts
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-named, version: '1.0.0' }
    use: { timeouts: { short: { after: PT3S } } }
    timeout: short
    do:
      - slow: { wait: PT1H }
    """
    When the workflow is executed
    Then the workflow should fault
    And the workflow should have taken PT3S

  Scenario: A task's timeout may be named too
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-task-named, version: '1.0.0' }
    use: { timeouts: { short: { after: { seconds: 4 } } } }
    do:
      - slow: { wait: PT1H, timeout: short }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/0/slow
    """
    And the workflow should have taken PT4S

  Scenario: A timeout may be an expression
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-computed, version: '1.0.0' }
    do:
      - slow: { wait: PT1H, timeout: { after: '${ "PT\(.patience)M" }' } }
    """
    And given the workflow input is:
    """yaml
    patience: 2
    """
    When the workflow is executed
    Then the workflow should fault
    And the workflow should have taken PT2M

  Scenario: A timeout passes while the runtime is down
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-down, version: '1.0.0' }
    do:
      - slow: { wait: PT1H, timeout: { after: PT5S } }
    """
    When the workflow is started
    And the runtime is down for PT30M
    Then the workflow should fault with error:
    """yaml
    { status: 408, instance: /do/0/slow }
    """

  Scenario: A timeout that is not there is refused
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: timeout-unknown, version: '1.0.0' }
    do:
      - slow: { wait: PT1H, timeout: shrt }
    """
    Then the workflow should be refused
