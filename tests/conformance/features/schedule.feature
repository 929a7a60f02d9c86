Feature: Schedule
  Workflows that start by themselves.

  Scenario: every starts at a fixed rate
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: every, version: '1.0.0' }
    schedule: { every: { minutes: 10 } }
    do:
      - note: { set: { ran: true } }
    """
    And given the time is '2026-05-01T08:00:00Z'
    When the workflow is deployed
    And PT35M passes
    Then 3 instances should have been started
    And the instances should have been started at:
    """yaml
    [ '2026-05-01T08:10:00Z', '2026-05-01T08:20:00Z', '2026-05-01T08:30:00Z' ]
    """

  Scenario: every starts another run although the last one has not ended
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: every-overlap, version: '1.0.0' }
    schedule: { every: PT10M }
    do:
      - slow: { wait: PT1H }
    """
    When the workflow is deployed
    And PT30M passes
    Then 3 instances should have been started

  Scenario: The policy overlap skip leaves a run out while the last one has not ended
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: every-skip
      version: '1.0.0'
      metadata: { yiwang: { schedule: { overlap: skip } } }
    schedule: { every: PT10M }
    do:
      - slow: { wait: PT15M }
    """
    And given the time is '2026-05-01T08:00:00Z'
    When the workflow is deployed
    And PT45M passes
    Then the instances should have been started at:
    """yaml
    [ '2026-05-01T08:10:00Z', '2026-05-01T08:30:00Z' ]
    """

  Scenario: cron starts in the time zone of the policy
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: cron
      version: '1.0.0'
      metadata: { yiwang: { timezone: Europe/Berlin } }
    schedule: { cron: '30 2 * * *' }
    do:
      - note: { set: { ran: true } }
    """
    And given the time is '2026-01-10T00:00:00Z'
    When the workflow is deployed
    And P2D passes
    Then the instances should have been started at:
    """yaml
    [ '2026-01-10T01:30:00Z', '2026-01-11T01:30:00Z' ]
    """

  Scenario: Without a policy cron is read in the district's time zone
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: cron-default, version: '1.0.0' }
    schedule: { cron: '0 9 * * *' }
    do:
      - note: { set: { ran: true } }
    """
    And given the time is '2026-01-10T00:00:00Z'
    When the workflow is deployed
    And P1D passes
    Then the instances should have been started at:
    """yaml
    [ '2026-01-10T01:00:00Z' ]
    """

  Scenario Outline: A cron expression of five fields: <cron>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: cron-fields, version: '1.0.0', metadata: { yiwang: { timezone: UTC } } }
    schedule: { cron: '<cron>' }
    do:
      - note: { set: { ran: true } }
    """
    And given the time is '2026-01-01T00:00:30Z'
    When the workflow is deployed
    And P7D passes
    Then <count> instances should have been started

    Examples:
      | cron           | count |
      | 0 12 * * *     | 7     |
      | 0 */6 * * *    | 28    |
      | 0 9 * * 1-5    | 5     |
      | 0 0 5 1 *      | 1     |
      | 15,45 8 * * *  | 14    |
      | 0 0 1 2 *      | 0     |

  Scenario: A time that was missed while the runtime was down is made up for once
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: misfire, version: '1.0.0' }
    schedule: { every: PT10M }
    do:
      - note: { set: { ran: true } }
    """
    And given the time is '2026-05-01T08:00:00Z'
    When the workflow is deployed
    And PT10M passes
    And the runtime is down for PT35M
    Then the instances should have been started at:
    """yaml
    [ '2026-05-01T08:10:00Z', '2026-05-01T08:45:00Z' ]
    """
    When PT5M passes
    Then 3 instances should have been started

  Scenario: The policy misfire skip forgets what was missed
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: misfire-skip
      version: '1.0.0'
      metadata: { yiwang: { schedule: { misfire: skip } } }
    schedule: { every: PT10M }
    do:
      - note: { set: { ran: true } }
    """
    And given the time is '2026-05-01T08:00:00Z'
    When the workflow is deployed
    And PT10M passes
    And the runtime is down for PT35M
    Then 1 instances should have been started
    When PT5M passes
    Then the instances should have been started at:
    """yaml
    [ '2026-05-01T08:10:00Z', '2026-05-01T08:50:00Z' ]
    """

  Scenario: after starts with the deployment, and then so long after each end
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: after, version: '1.0.0' }
    schedule: { after: PT10M }
    do:
      - work: { wait: PT5M }
    """
    And given the time is '2026-05-01T08:00:00Z'
    When the workflow is deployed
    And PT40M passes
    Then the instances should have been started at:
    """yaml
    [ '2026-05-01T08:00:00Z', '2026-05-01T08:15:00Z', '2026-05-01T08:30:00Z' ]
    """

  Scenario: on starts for each event that fits, with an array of its data as input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: on-one, version: '1.0.0' }
    schedule: { on: { one: { with: { type: com.example.order } } } }
    do:
      - show: { set: { got: '${ . }' } }
    """
    When the workflow is deployed
    And these events are published:
    """yaml
    - { type: com.example.order, data: { id: 1 } }
    - { type: com.example.other, data: { id: 2 } }
    - { type: com.example.order, data: { id: 3 } }
    """
    Then the instances should have completed with outputs:
    """yaml
    - { got: [ { id: 1 } ] }
    - { got: [ { id: 3 } ] }
    """

  Scenario: on may read the envelope
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: on-envelope, version: '1.0.0' }
    schedule: { on: { one: { with: { type: com.example.order } } }, read: envelope }
    do:
      - show: { set: { subject: '${ .[0].subject }', id: '${ .[0].data.id }' } }
    """
    When the workflow is deployed
    And this event is published:
    """yaml
    { type: com.example.order, subject: tea, data: { id: 1 } }
    """
    Then the instances should have completed with outputs:
    """yaml
    - { subject: tea, id: 1 }
    """

  Scenario: on any starts for each of them
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: on-any, version: '1.0.0' }
    schedule: { on: { any: [ { with: { type: com.example.a } }, { with: { type: com.example.b } } ] } }
    do:
      - show: { set: { got: '${ .[0] }' } }
    """
    When the workflow is deployed
    And these events are published:
    """yaml
    - { type: com.example.b, data: 1 }
    - { type: com.example.a, data: 2 }
    """
    Then the instances should have completed with outputs:
    """yaml
    - { got: 1 }
    - { got: 2 }
    """

  Scenario: on all starts once for each full set
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: on-all, version: '1.0.0' }
    schedule: { on: { all: [ { with: { type: com.example.a } }, { with: { type: com.example.b } } ] } }
    do:
      - show: { set: { got: '${ . }' } }
    """
    When the workflow is deployed
    And these events are published:
    """yaml
    - { type: com.example.b, data: 1 }
    - { type: com.example.a, data: 2 }
    - { type: com.example.a, data: 3 }
    - { type: com.example.b, data: 4 }
    """
    Then the instances should have completed with outputs:
    """yaml
    - { got: [ 2, 1 ] }
    - { got: [ 3, 4 ] }
    """

  Scenario: on asks for conditions on the data too
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: on-condition, version: '1.0.0' }
    schedule: { on: { one: { with: { type: com.example.order, data: '${ .amount >= 100 }' } } } }
    do:
      - show: { set: { got: '${ .[0].amount }' } }
    """
    When the workflow is deployed
    And these events are published:
    """yaml
    - { type: com.example.order, data: { amount: 99 } }
    - { type: com.example.order, data: { amount: 100 } }
    """
    Then the instances should have completed with outputs:
    """yaml
    - { got: 100 }
    """

  Scenario: The same event does not start a workflow twice
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: on-twice, version: '1.0.0' }
    schedule: { on: { one: { with: { type: com.example.order } } } }
    do:
      - show: { set: { a: 1 } }
    """
    When the workflow is deployed
    And these events are published:
    """yaml
    - { id: same, source: 'https://example.com', type: com.example.order }
    - { id: same, source: 'https://example.com', type: com.example.order }
    """
    Then 1 instance should have been started

  Scenario: A scheduled workflow may be started by hand too
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: by-hand, version: '1.0.0' }
    schedule: { every: P1D }
    do:
      - note: { set: { got: '${ . }' } }
    """
    And given the workflow input is:
    """yaml
    mine
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: mine
    """

  Scenario Outline: A schedule that cannot be meant is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: schedule-refused, version: '1.0.0' }
    schedule: <schedule>
    do:
      - note: { set: { a: 1 } }
    """
    Then the workflow should be refused

    Examples:
      | what                     | schedule                                    |
      | a wrong cron expression  | { cron: '61 * * * *' }                      |
      | six fields               | { cron: '0 0 0 * * *' }                     |
      | no interval              | { every: PT0S }                             |
      | two of them              | { every: PT1M, cron: '0 0 * * *' }          |
      | nothing                  | {}                                          |
      | read without on          | { every: PT1M, read: data }                 |
