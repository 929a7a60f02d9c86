Feature: Lifecycle events
  What a runtime tells about its workflows and tasks.

  Background:
    Given the runtime tells of lifecycle events

  Scenario: A workflow that completes
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: life-complete, version: '1.0.0' }
    do:
      - one: { set: { n: 1 } }
    """
    When the workflow is executed
    Then the lifecycle events should be:
    """yaml
    - { type: io.serverlessworkflow.workflow.started.v1, data: { definition: { namespace: default, name: life-complete, version: 1.0.0 } } }
    - { type: io.serverlessworkflow.task.created.v1, data: { task: /do/0/one } }
    - { type: io.serverlessworkflow.task.started.v1, data: { task: /do/0/one } }
    - { type: io.serverlessworkflow.task.completed.v1, data: { task: /do/0/one } }
    - { type: io.serverlessworkflow.workflow.completed.v1 }
    """

  Scenario: A workflow that faults
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: life-fault, version: '1.0.0' }
    do:
      - bad: { raise: { error: { type: 'https://example.com/e', status: 418 } } }
    """
    When the workflow is executed
    Then the lifecycle events should be:
    """yaml
    - { type: io.serverlessworkflow.workflow.started.v1 }
    - { type: io.serverlessworkflow.task.created.v1 }
    - { type: io.serverlessworkflow.task.started.v1 }
    - { type: io.serverlessworkflow.task.faulted.v1, data: { task: /do/0/bad, error: { status: 418 } } }
    - { type: io.serverlessworkflow.workflow.faulted.v1, data: { error: { type: 'https://example.com/e', status: 418 } } }
    """

  Scenario: A workflow that is suspended, resumed and cancelled
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: life-operator, version: '1.0.0' }
    do:
      - slow: { wait: PT1H }
    """
    When the workflow is started
    And the workflow is suspended
    And the workflow is resumed
    And the workflow is cancelled
    Then the lifecycle events of the workflow should be:
    """yaml
    - { type: io.serverlessworkflow.workflow.started.v1 }
    - { type: io.serverlessworkflow.workflow.suspended.v1 }
    - { type: io.serverlessworkflow.workflow.resumed.v1 }
    - { type: io.serverlessworkflow.workflow.cancelled.v1 }
    """

  Scenario: A task that is retried
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: life-retry, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { retry: { delay: PT1S, limit: { attempt: { count: 1 } } } }
    """
    When the workflow is executed
    Then the lifecycle events of '/do/0/attempt' should be:
    """yaml
    - { type: io.serverlessworkflow.task.created.v1 }
    - { type: io.serverlessworkflow.task.started.v1 }
    - { type: io.serverlessworkflow.task.retried.v1 }
    - { type: io.serverlessworkflow.task.completed.v1 }
    """

  Scenario: A workflow that correlates events
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: life-correlate, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a }, correlate: { order: { from: .data.order, expect: '7' } } } } } }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.a, data: { order: '7' } }
    """
    Then the lifecycle events of the workflow should be:
    """yaml
    - { type: io.serverlessworkflow.workflow.started.v1 }
    - { type: io.serverlessworkflow.workflow.correlation-started.v1 }
    - { type: io.serverlessworkflow.workflow.correlation-completed.v1 }
    - { type: io.serverlessworkflow.workflow.completed.v1 }
    """
