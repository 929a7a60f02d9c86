Feature: Extensions
  Tasks around tasks.

  Scenario: before and after run around each task that is extended
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-around, version: '1.0.0' }
    use:
      extensions:
        - audit:
            extend: set
            before: [ { noteBefore: { emit: { event: { with: { type: com.example.before, data: '${ $task.name }' } } } } } ]
            after: [ { noteAfter: { emit: { event: { with: { type: com.example.after, data: '${ $task.name }' } } } } } ]
    do:
      - one: { set: { n: 1 } }
      - pause: { wait: PT1S }
      - two: { set: { n: 2 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """
    And the emitted events should be:
    """yaml
    - { type: com.example.before, data: one }
    - { type: com.example.after, data: one }
    - { type: com.example.before, data: two }
    - { type: com.example.after, data: two }
    """

  Scenario: extend all extends every kind of task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-all, version: '1.0.0' }
    use:
      extensions:
        - audit: { extend: all, before: [ { note: { emit: { event: { with: { type: com.example.before, data: '${ $task.name }' } } } } } ] }
    do:
      - one: { set: { n: 1 } }
      - pause: { wait: PT1S }
      - list: { do: [ { inner: { set: { n: 2 } } } ] }
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    - { data: one }
    - { data: pause }
    - { data: list }
    - { data: inner }
    """

  Scenario: when decides for each task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-when, version: '1.0.0' }
    use:
      extensions:
        - audit: { extend: set, when: '$task.name == "two"', before: [ { note: { emit: { event: { with: { type: com.example.before, data: '${ $task.name }' } } } } } ] }
    do:
      - one: { set: { n: 1 } }
      - two: { set: { n: 2 } }
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    - { data: two }
    """

  Scenario: The outputs of before and after are dropped
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-output, version: '1.0.0' }
    use:
      extensions:
        - quiet:
            extend: emit
            before: [ { a: { set: { noise: 1 } } } ]
            after: [ { b: { set: { noise: 2 } } } ]
    do:
      - tell: { emit: { event: { with: { type: com.example.told, data: '${ . }' } } }, output: { as: .data } }
    """
    And given the workflow input is:
    """yaml
    mine: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    mine: 1
    """

  Scenario: exit in before skips the task, and its output is the task's
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-mock, version: '1.0.0' }
    use:
      extensions:
        - mock:
            extend: wait
            when: $task.name == "slow"
            before: [ { answer: { set: { mocked: true }, then: exit } } ]
    do:
      - slow: { wait: PT1H }
      - next: { set: { got: '${ .mocked }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: true
    """
    And the workflow should have taken PT0S

  Scenario: Several extensions stand around each other, the first one outermost
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-several, version: '1.0.0' }
    use:
      extensions:
        - outer:
            extend: set
            before: [ { outerBefore: { emit: { event: { with: { type: com.example.x, data: outer before } } } } } ]
            after: [ { outerAfter: { emit: { event: { with: { type: com.example.x, data: outer after } } } } } ]
        - inner:
            extend: set
            before: [ { innerBefore: { emit: { event: { with: { type: com.example.x, data: inner before } } } } } ]
            after: [ { innerAfter: { emit: { event: { with: { type: com.example.x, data: inner after } } } } } ]
    do:
      - one: { set: { n: 1 } }
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    - { data: outer before }
    - { data: inner before }
    - { data: inner after }
    - { data: outer after }
    """

  Scenario: An extension does not extend its own tasks
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-itself, version: '1.0.0' }
    use:
      extensions:
        - audit: { extend: emit, before: [ { note: { emit: { event: { with: { type: com.example.before } } } } } ] }
    do:
      - tell: { emit: { event: { with: { type: com.example.told } } } }
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    - { type: com.example.before }
    - { type: com.example.told }
    """

  Scenario: A skipped task is not extended
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-skipped, version: '1.0.0' }
    use:
      extensions:
        - audit: { extend: set, before: [ { note: { emit: { event: { with: { type: com.example.before } } } } } ] }
    do:
      - one: { if: 'false', set: { n: 1 } }
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    []
    """

  Scenario: An error in before is an error of the extended task's list
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-error, version: '1.0.0' }
    use:
      extensions:
        - guard: { extend: set, before: [ { refuse: { raise: { error: { type: 'https://example.com/e', status: 403 } } } } ] }
    do:
      - attempt:
          try: [ { one: { set: { n: 1 } } } ]
          catch: { errors: { with: { status: 403 } }, do: [ { tell: { emit: { event: { with: { type: com.example.refused, data: '${ $error.status }' } } }, output: { as: .data } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    403
    """

  Scenario: What before exports is seen by the task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-export, version: '1.0.0' }
    use:
      extensions:
        - prepare: { extend: set, before: [ { ready: { emit: { event: { with: { type: com.example.x } } }, export: { as: '{ ready: true }' } } } ] }
    do:
      - one: { set: { ready: '${ $context.ready }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ready: true
    """

  Scenario: An extension of something that is no task is refused
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: extension-refused, version: '1.0.0' }
    use: { extensions: [ { odd: { extend: sett, before: [ { a: { set: { n: 1 } } } ] } } ] }
    do:
      - one: { set: { n: 1 } }
    """
    Then the workflow should be refused
