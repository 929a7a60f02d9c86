Feature: Emit
  Events that a workflow publishes.

  Scenario: What is not said is filled in
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: shop, name: emit-defaults, version: '1.2.0' }
    do:
      - tell: { emit: { event: { with: { type: com.example.told } } } }
    """
    And given the time is '2026-05-01T08:00:00Z'
    When the workflow is executed
    Then the workflow should complete
    And the workflow output should have properties 'id', 'time', 'specversion'
    And the workflow output should have a 'source' property with value:
    """yaml
    /shop/emit-defaults/1.2.0
    """
    And the workflow output should have a 'time' property with value:
    """yaml
    '2026-05-01T08:00:00Z'
    """
    And the emitted events should be:
    """yaml
    - { type: com.example.told, source: /shop/emit-defaults/1.2.0, specversion: '1.0' }
    """

  Scenario: What is said stays
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-given, version: '1.0.0' }
    do:
      - tell:
          emit:
            event:
              with: { id: e-1, source: 'https://example.com/shop', type: com.example.told, subject: order, time: '2026-01-02T03:04:05Z', data: { n: 1 } }
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    - { id: e-1, source: 'https://example.com/shop', type: com.example.told, subject: order, time: '2026-01-02T03:04:05Z', data: { n: 1 } }
    """

  Scenario: Attributes may be expressions on the task's input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-expressions, version: '1.0.0' }
    do:
      - tell:
          input: { from: .order }
          emit: { event: { with: { type: com.example.told, subject: '${ "order-\(.id)" }', data: { id: '${ .id }', list: [ '${ .id + 1 }' ] } } } }
    """
    And given the workflow input is:
    """yaml
    order: { id: 7 }
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    - { subject: order-7, data: { id: 7, list: [ 8 ] } }
    """

  Scenario: The data may be one expression
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-data, version: '1.0.0' }
    do:
      - tell: { emit: { event: { with: { type: com.example.told, data: '${ . }' } } } }
    """
    And given the workflow input is:
    """yaml
    [ 1, 2 ]
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    - { data: [ 1, 2 ] }
    """

  Scenario: Extension attributes go with the event
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-extension, version: '1.0.0' }
    do:
      - tell: { emit: { event: { with: { type: com.example.told, roomid: kitchen } } } }
    """
    When the workflow is executed
    Then the workflow output should have a 'roomid' property with value:
    """yaml
    kitchen
    """
    And the emitted events should be:
    """yaml
    - { roomid: kitchen }
    """

  Scenario: The output is the event, and goes on as any output does
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-output, version: '1.0.0' }
    do:
      - tell: { emit: { event: { with: { type: com.example.told, data: 5 } } }, output: { as: .data } }
      - next: { set: { got: '${ . }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 5
    """

  Scenario: Each event has an id of its own
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-ids, version: '1.0.0' }
    do:
      - one: { emit: { event: { with: { type: com.example.told } } }, export: { as: '{ first: .id }' } }
      - two: { emit: { event: { with: { type: com.example.told } } }, output: { as: '{ different: (.id != $context.first) }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    different: true
    """

  Scenario: Events are published in the order in which they are emitted
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-order, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2, 3 ]' }
          do: [ { tell: { emit: { event: { with: { type: com.example.told, data: '${ $item }' } } } } } ]
    """
    When the workflow is executed
    Then the emitted events should be:
    """yaml
    - { data: 1 }
    - { data: 2 }
    - { data: 3 }
    """

  Scenario: An event emitted before an error stays published
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-then-fault, version: '1.0.0' }
    do:
      - tell: { emit: { event: { with: { type: com.example.told } } } }
      - bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } }
    """
    When the workflow is executed
    Then the workflow should fault
    And the emitted events should be:
    """yaml
    - { type: com.example.told }
    """

  Scenario: A workflow may hear what it emits itself
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-self, version: '1.0.0' }
    do:
      - tell: { emit: { event: { with: { type: com.example.self, data: 1 } } } }
      - hear: { listen: { to: { one: { with: { type: com.example.self } } } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """

  Scenario Outline: An event that cannot be published is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: emit-refused, version: '1.0.0' }
    do:
      - tell: { emit: <emit> }
    """
    Then the workflow should be refused

    Examples:
      | what        | emit                              |
      | no event    | {}                                |
      | no with     | { event: {} }                     |
      | no type     | { event: { with: { data: 1 } } }  |
