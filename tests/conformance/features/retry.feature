Feature: Retry
  How often, and when, a failed list is tried again.

  Scenario: The list is tried again until it succeeds
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-success, version: '1.0.0' }
    do:
      - attempt:
          try:
            - count: { set: '${ $input }', export: { as: '{ n: (($context.n // 0) + 1) }' } }
            - flaky: { if: '$context.n != 3', raise: { error: { type: 'https://example.com/e', status: 503 } } }
            - good: { set: { tries: '${ $context.n }' } }
          catch: { retry: { delay: PT10S, limit: { attempt: { count: 5 } } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    tries: 3
    """
    And count should have begun after PT0S, PT10S, PT20S

  Scenario Outline: The delay grows by its backoff: <backoff>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-backoff, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { delay: { seconds: 2 }, backoff: <backoff>, limit: { attempt: { count: 4 } } } }
    """
    When the workflow is executed
    Then bad should have begun after <times>

    Examples:
      | backoff             | times                         |
      | { constant: {} }    | PT0S, PT2S, PT4S, PT6S, PT8S  |
      | { linear: {} }      | PT0S, PT2S, PT6S, PT12S, PT20S |
      | { exponential: {} } | PT0S, PT2S, PT6S, PT14S, PT30S |

  Scenario: Without a backoff the delay is constant
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-plain, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { delay: PT3S, limit: { attempt: { count: 2 } } } }
    """
    When the workflow is executed
    Then bad should have begun after PT0S, PT3S, PT6S

  Scenario: The count is that of the retries after the first try
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-count, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { delay: PT1S, limit: { attempt: { count: 1 } } } }
    """
    When the workflow is executed
    Then bad should run 2 times
    And the workflow should complete

  Scenario: catch.do runs once, after the retries
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-then-do, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch:
            retry: { delay: PT1S, limit: { attempt: { count: 2 } } }
            do: [ { giveUp: { set: { gaveUp: true } } } ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    gaveUp: true
    """
    And bad should run 3 times
    And giveUp should have begun after PT2S

  Scenario: Each try begins with the input of the try
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-input, version: '1.0.0' }
    do:
      - attempt:
          try:
            - grow: { set: { n: '${ .n + 1 }' }, export: { as: '{ seen: (($context.seen // []) + [ .n ]) }' } }
            - bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } }
          catch: { retry: { delay: PT1S, limit: { attempt: { count: 2 } } } }
      - show: { set: { seen: '${ $context.seen }' } }
    """
    And given the workflow input is:
    """yaml
    n: 0
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: [ 1, 1, 1 ]
    """

  Scenario Outline: retry.<condition> decides about each retry: <status>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-when, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: <status> } } } } ]
          catch: { retry: { <condition>: '$error.status == 503', delay: PT1S, limit: { attempt: { count: 2 } } } }
    """
    When the workflow is executed
    Then bad should run <times> times

    Examples:
      | condition  | status | times |
      | when       | 503    | 3     |
      | when       | 400    | 1     |
      | exceptWhen | 503    | 1     |
      | exceptWhen | 400    | 3     |

  Scenario: An error that the catch does not want is not retried
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-unwanted, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } } } ]
          catch: { errors: { with: { status: 503 } }, retry: { delay: PT1S, limit: { attempt: { count: 2 } } } }
    """
    When the workflow is executed
    Then the workflow should fault
    And bad should run 1 time

  Scenario: limit.duration ends the retries
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-duration, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { delay: PT10S, limit: { duration: PT25S } } }
    """
    When the workflow is executed
    Then the workflow should complete
    And bad should have begun after PT0S, PT10S, PT20S

  Scenario: limit.attempt.duration ends a try that takes too long, and that counts as a try
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-attempt-duration, version: '1.0.0' }
    do:
      - attempt:
          try: [ { slow: { wait: PT1H } } ]
          catch:
            errors: { with: { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/timeout' } }
            retry: { delay: PT5S, limit: { attempt: { count: 1, duration: PT10S } } }
            do: [ { note: { set: { status: '${ $error.status }' } } } ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    status: 408
    """
    And slow should have begun after PT0S, PT15S
    And the workflow should have taken PT25S

  Scenario: Jitter adds to the delay, within its bounds
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-jitter, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { delay: PT10S, jitter: { from: PT1S, to: PT3S }, limit: { attempt: { count: 2 } } } }
    """
    When the workflow is executed
    Then the workflow should have taken between PT22S and PT26S
    And bad should run 3 times

  Scenario: Without a delay it is tried again at once
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-at-once, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { limit: { attempt: { count: 2 } } } }
    """
    When the workflow is executed
    Then bad should have begun after PT0S, PT0S, PT0S

  Scenario: A policy may be named in use.retries
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-named, version: '1.0.0' }
    use: { retries: { patient: { delay: PT1M, limit: { attempt: { count: 1 } } } } }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: patient }
    """
    When the workflow is executed
    Then bad should have begun after PT0S, PT1M

  Scenario: A delay may be an expression
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-computed, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { delay: '${ "PT\(.seconds)S" }', limit: { attempt: { count: 1 } } } }
    """
    And given the workflow input is:
    """yaml
    seconds: 7
    """
    When the workflow is executed
    Then bad should have begun after PT0S, PT7S

  Scenario: Retries nest
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-nested, version: '1.0.0' }
    do:
      - outer:
          try:
            - inner:
                try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
                catch:
                  retry: { delay: PT1S, limit: { attempt: { count: 1 } } }
                  do: [ { pass: { raise: { error: { type: 'https://example.com/up', status: 500 } } } } ]
          catch: { retry: { delay: PT10S, limit: { attempt: { count: 1 } } } }
    """
    When the workflow is executed
    Then bad should have begun after PT0S, PT1S, PT11S, PT12S
    And the workflow should complete

  Scenario: A timeout around the try ends the retries
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-timeout, version: '1.0.0' }
    do:
      - attempt:
          timeout: { after: PT15S }
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { delay: PT10S } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { status: 408, instance: /do/0/attempt }
    """
    And bad should run 2 times

  Scenario: A policy that is not there is refused
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: retry-unknown, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { set: { a: 1 } } } ]
          catch: { retry: nothing }
    """
    Then the workflow should be refused
