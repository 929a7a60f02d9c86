Feature: Listen
  Waiting for events, and what becomes of them.

  Scenario: A workflow that listens waits
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-waits, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a } } } } }
    """
    When the workflow is started
    And P30D passes
    Then the workflow should be waiting

  Scenario: The output is an array of the data, also for one event
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-one, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a } } } } }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.a, data: { n: 1 } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { n: 1 } ]
    """

  Scenario: An event that does not fit is not taken
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-other, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a } } } } }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.b, data: { n: 1 } }
    """
    Then the workflow should be waiting

  Scenario Outline: A filter asks for <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-filter, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: <filter> } } }, output: { as: '.[0].n' } }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, source: 'https://example.com/one', subject: first, color: red, data: { n: 1, tags: { x: 1 } } }
    - { type: com.example.a, source: 'https://example.com/two', subject: second, color: blue, data: { n: 2, tags: { x: 1, y: 2 } } }
    """
    Then the workflow should complete with output:
    """yaml
    <n>
    """

    Examples:
      | what                                  | filter                                                  | n |
      | a type                                | { type: com.example.a }                                 | 1 |
      | a source                              | { source: 'https://example.com/two' }                   | 2 |
      | a subject                             | { type: com.example.a, subject: second }                | 2 |
      | an extension attribute                | { type: com.example.a, color: blue }                    | 2 |
      | data that is contained                | { type: com.example.a, data: { n: 2 } }                 | 2 |
      | nested data that is contained         | { type: com.example.a, data: { tags: { y: 2 } } }       | 2 |
      | a condition on the data               | { type: com.example.a, data: '${ .n != 1 }' }           | 2 |
      | a condition on another attribute      | { type: com.example.a, subject: '${ . == "second" }' }  | 2 |
      | a value that an expression gives      | { type: com.example.a, subject: '${ "sec" + "ond" }' }  | 2 |

  Scenario: A condition that fails does not fit
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-failing, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a, data: '${ .n + 1 == 3 }' } } } } }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: { n: text } }
    - { type: com.example.a, data: { n: 2 } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { n: 2 } ]
    """

  Scenario: any is fulfilled by the first event that fits one of its filters
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-any, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              any:
                - with: { type: com.example.a }
                - with: { type: com.example.b }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.c, data: 0 }
    - { type: com.example.b, data: 1 }
    - { type: com.example.a, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """

  Scenario: any of nothing is fulfilled by every event
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-everything, version: '1.0.0' }
    do:
      - hear: { listen: { to: { any: [] } } }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.whatever, data: 5 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 5 ]
    """

  Scenario: all is fulfilled by one event for each filter, in any order
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-all, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              all:
                - with: { type: com.example.a }
                - with: { type: com.example.b }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.b, data: b }
    - { type: com.example.a, data: a }
    """
    Then the workflow should complete with output:
    """yaml
    [ a, b ]
    """

  Scenario: One event fulfils one filter of all
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-all-once, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              all:
                - with: { type: com.example.a }
                - with: { type: com.example.a }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.a, data: 1 }
    """
    Then the workflow should be waiting
    When this event is published:
    """yaml
    { type: com.example.a, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  Scenario: The events of all may come far apart
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-apart, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              all:
                - with: { type: com.example.a }
                - with: { type: com.example.b }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.a, data: 1 }
    """
    And P10D passes
    Then the workflow should be waiting
    When this event is published:
    """yaml
    { type: com.example.b, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  Scenario: read envelope gives the whole event
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-envelope, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a } } }, read: envelope }, output: { as: '.[0]' } }
    """
    And given the time is '2026-05-01T08:00:00Z'
    When the workflow is started
    And this event is published:
    """yaml
    { id: e1, source: 'https://example.com/one', type: com.example.a, subject: s, color: red, data: { n: 1 } }
    """
    Then the workflow should complete with output:
    """yaml
    specversion: '1.0'
    id: e1
    source: https://example.com/one
    type: com.example.a
    subject: s
    time: '2026-05-01T08:00:00Z'
    color: red
    data: { n: 1 }
    """

  Scenario: read data is what is read by default
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-data, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a } } }, read: data } }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.a, data: [ 1 ] }
    """
    Then the workflow should complete with output:
    """yaml
    [ [ 1 ] ]
    """

  Scenario: read raw gives the data as text
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-raw, version: '1.0.0' }
    do:
      - hear: { listen: { to: { one: { with: { type: com.example.a } } }, read: raw }, output: { as: '.[0] | fromjson | .n' } }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.a, data: { n: 1 } }
    """
    Then the workflow should complete with output:
    """yaml
    1
    """

  Scenario: An event that came before the listening is kept for it
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-buffered, version: '1.0.0' }
    do:
      - pause: { wait: PT10S }
      - hear: { listen: { to: { one: { with: { type: com.example.a } } } } }
    """
    When the workflow is started
    And this event is published:
    """yaml
    { type: com.example.a, data: 1 }
    """
    And PT10S passes
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """

  Scenario: The same event twice is one event
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-twice, version: '1.0.0' }
    do:
      - hear: { listen: { to: { all: [ { with: { type: com.example.a } }, { with: { type: com.example.a } } ] } } }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { id: same, source: 'https://example.com', type: com.example.a, data: 1 }
    - { id: same, source: 'https://example.com', type: com.example.a, data: 1 }
    """
    Then the workflow should be waiting

  Scenario: Two listening tasks take two events, in order
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-two, version: '1.0.0' }
    do:
      - first: { listen: { to: { one: { with: { type: com.example.a } } } }, export: { as: '{ first: .[0] }' } }
      - second: { listen: { to: { one: { with: { type: com.example.a } } } }, output: { as: '[ $context.first, .[0] ]' } }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: 1 }
    - { type: com.example.a, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  Scenario: A correlation with an expectation takes only the events that meet it
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-correlate, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              one:
                with: { type: com.example.a }
                correlate: { order: { from: .data.order, expect: '${ .order }' } }
    """
    And given the workflow input is:
    """yaml
    order: 7
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: { order: 6, n: 1 } }
    - { type: com.example.a, data: { order: 7, n: 2 } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { order: 7, n: 2 } ]
    """

  Scenario: A correlation may ask for an attribute of the envelope
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-correlate-attribute, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              one:
                with: { type: com.example.a }
                correlate: { room: { from: .roomid, expect: kitchen } }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, roomid: cellar, data: 1 }
    - { type: com.example.a, roomid: kitchen, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 2 ]
    """

  Scenario: Without an expectation the first event of all fixes the value for the others
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-correlate-first, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              all:
                - { with: { type: com.example.a }, correlate: { order: { from: .data.order } } }
                - { with: { type: com.example.b }, correlate: { order: { from: .data.order } } }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: { order: 1, n: a1 } }
    - { type: com.example.b, data: { order: 2, n: b2 } }
    - { type: com.example.b, data: { order: 1, n: b1 } }
    """
    Then the workflow should complete with output:
    """yaml
    [ { order: 1, n: a1 }, { order: 1, n: b1 } ]
    """

  Scenario: To correlate with null is an error: it would wait for ever
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-correlate-null, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              one:
                with: { type: com.example.a }
                correlate: { order: { from: .data.order, expect: '${ .nothing }' } }
    """
    And given the workflow input is:
    """yaml
    order: 7
    """
    When the workflow is executed
    Then the workflow should fault

  Scenario: A timeout ends the listening
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-timeout, version: '1.0.0' }
    do:
      - attempt:
          try:
            - hear: { listen: { to: { one: { with: { type: com.example.a } } } }, timeout: { after: P7D } }
          catch:
            errors: { with: { status: 408 } }
            do: [ { late: { set: { answer: none } } } ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    answer: none
    """
    And the workflow should have taken P7D

  Scenario: until an event of its own kind comes
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-until-event, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              any: [ { with: { type: com.example.a } } ]
              until: { one: { with: { type: com.example.stop } } }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: 1 }
    - { type: com.example.a, data: 2 }
    """
    Then the workflow should be waiting
    When these events are published:
    """yaml
    - { type: com.example.stop, data: never seen }
    - { type: com.example.a, data: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  Scenario: until a condition on the events so far holds
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-until-condition, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              any: [ { with: { type: com.example.a } } ]
              until: (. | length) == 2
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: 1 }
    - { type: com.example.b, data: 9 }
    - { type: com.example.a, data: 2 }
    - { type: com.example.a, data: 3 }
    """
    Then the workflow should complete with output:
    """yaml
    [ 1, 2 ]
    """

  Scenario: foreach does something with each event, and its outputs are the output
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-foreach, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              any: [ { with: { type: com.example.a } } ]
              until: (. | length) == 2
          foreach:
            item: event
            at: i
            do:
              - double: { set: { n: '${ $event.n * 2 }', i: '${ $i }' } }
            output: { as: '[ .i, .n ]' }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: { n: 1 } }
    - { type: com.example.a, data: { n: 2 } }
    """
    Then the workflow should complete with output:
    """yaml
    [ [ 0, 2 ], [ 1, 4 ] ]
    """

  Scenario: Events that come while foreach is at work wait their turn
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-queue, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              any: [ { with: { type: com.example.a } } ]
              until: (. | length) == 3
          foreach:
            do:
              - work: { wait: PT10S }
              - note: { set: { got: '${ $item }' } }
            output: { as: .got }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: 1 }
    - { type: com.example.a, data: 2 }
    - { type: com.example.a, data: 3 }
    """
    And PT30S passes
    Then the workflow should complete with output:
    """yaml
    [ 1, 2, 3 ]
    """
    And work should have begun after PT0S, PT10S, PT20S

  Scenario: foreach may export after each event
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-foreach-export, version: '1.0.0' }
    do:
      - hear:
          listen:
            to:
              any: [ { with: { type: com.example.a } } ]
              until: (. | length) == 2
          foreach:
            export: { as: '{ sum: (($context.sum // 0) + .) }' }
      - show: { set: { sum: '${ $context.sum }' } }
    """
    When the workflow is started
    And these events are published:
    """yaml
    - { type: com.example.a, data: 1 }
    - { type: com.example.a, data: 2 }
    """
    Then the workflow should complete with output:
    """yaml
    sum: 3
    """

  Scenario Outline: A strategy that cannot be meant is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: listen-refused, version: '1.0.0' }
    do:
      - hear: { listen: { to: <to> } }
    """
    Then the workflow should be refused

    Examples:
      | what                 | to                                                              |
      | nothing              | {}                                                              |
      | two strategies       | { one: { with: { type: a.b } }, any: [] }                       |
      | an empty filter      | { one: { with: {} } }                                           |
      | a filter without     | { one: { correlate: { k: { from: .x } } } }                     |
      | no from              | { one: { with: { type: a.b }, correlate: { k: { expect: 1 } } } } |
      | all of nothing       | { all: [] }                                                     |
