Feature: Operators
  Workflows that somebody cancels, suspends and resumes.

  Scenario: A workflow that waits may be cancelled
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: cancel, version: '1.0.0' }
    do:
      - slow: { wait: PT1H }
      - never: { set: { a: 1 } }
    """
    When the workflow is started
    And PT10M passes
    And the workflow is cancelled
    And PT2H passes
    Then the workflow should cancel
    And slow should cancel
    And never should not run
    And the workflow should have taken PT10M

  Scenario: No try catches a cancellation
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: cancel-try, version: '1.0.0' }
    do:
      - attempt: { try: [ { slow: { wait: PT1H } } ], catch: { do: [ { never: { set: { a: 1 } } } ] } }
    """
    When the workflow is started
    And the workflow is cancelled
    Then the workflow should cancel
    And never should not run

  Scenario: A workflow that was cancelled takes no event
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: cancel-event, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a } } } } }
    """
    When the workflow is started
    And the workflow is cancelled
    And this event is published:
    """yaml
    { type: com.example.a, data: 1 }
    """
    Then the workflow should cancel

  Scenario: While a workflow is suspended nothing goes on
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: suspend, version: '1.0.0' }
    do:
      - slow: { wait: PT1H }
      - next: { set: { a: 1 } }
    """
    When the workflow is started
    And the workflow is suspended
    And P1D passes
    Then the workflow should be suspended
    And next should not run

  Scenario: A workflow that is resumed goes on with what has come due
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: resume, version: '1.0.0' }
    do:
      - slow: { wait: PT1H }
      - next: { set: { a: 1 } }
    """
    When the workflow is started
    And the workflow is suspended
    And P1D passes
    And the workflow is resumed
    Then the workflow should complete with output:
    """yaml
    a: 1
    """
    And next should have begun after P1D

  Scenario: A workflow that is resumed in time keeps its times
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: resume-in-time, version: '1.0.0' }
    do:
      - slow: { wait: PT1H }
    """
    When the workflow is started
    And the workflow is suspended
    And PT10M passes
    And the workflow is resumed
    And PT50M passes
    Then the workflow should complete
    And the workflow should have taken PT1H

  Scenario: An event that comes while a workflow is suspended is not lost
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: suspend-event, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a } } } } }
    """
    When the workflow is started
    And the workflow is suspended
    And this event is published:
    """yaml
    { type: com.example.a, data: 1 }
    """
    Then the workflow should be suspended
    When the workflow is resumed
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """
