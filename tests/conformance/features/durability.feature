Feature: Durability
  What a workflow must come to, however often its engine is killed.

  Scenario: A fork with a retrying call in a loop in a try
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: durable, version: '1.0.0' }
    do:
      - guard:
          try:
            - loop:
                for: { each: id, in: '[ 1, 2 ]' }
                do:
                  - both:
                      fork:
                        branches:
                          - flaky:
                              try:
                                - ask: { call: http, with: { method: get, endpoint: '${ "https://api.example.com/flaky/\($id)" }' } }
                              catch:
                                errors: { with: { status: 503 } }
                                retry: { delay: PT5S, backoff: { exponential: {} }, limit: { attempt: { count: 3 } } }
                          - steady:
                              do:
                                - pause: { wait: PT3S }
                                - mark: { set: { marked: '${ $id }' }, export: { as: '{ marks: (($context.marks // []) + [ .marked ]) }' } }
          catch: { do: [ { never: { set: { failed: true } } } ] }
      - show: { set: { last: '${ . }', marks: '${ $context.marks }' } }
    """
    And given 'https://api.example.com/flaky/1' answers:
    """yaml
    - { status: 503 }
    - { status: 503 }
    - { body: { from: 1 } }
    """
    And given 'https://api.example.com/flaky/2' answers:
    """yaml
    - { status: 503 }
    - { status: 503 }
    - { body: { from: 2 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { last: [ { from: 2 }, { marked: 2 } ], marks: [ 1, 2 ] }
    """
    And ask should have begun after PT0S, PT5S, PT15S, PT15S, PT20S, PT30S
    And 'https://api.example.com/flaky/1' should have been asked 3 times
    And never should not run

  Scenario: A try that fails in its last round catches what the fork could not
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: durable-fault, version: '1.0.0' }
    do:
      - guard:
          try:
            - loop:
                for: { each: id, in: '[ 1, 2 ]' }
                do:
                  - both:
                      fork:
                        branches:
                          - ask: { call: http, with: { method: get, endpoint: '${ "https://api.example.com/flaky/\($id)" }' } }
                          - slow: { wait: PT1H }
          catch:
            errors: { with: { status: 503 } }
            do: [ { note: { set: { at: '${ $error.instance }' } } } ]
    """
    And given 'https://api.example.com/flaky/1' answers:
    """yaml
    { body: { from: 1 } }
    """
    And given 'https://api.example.com/flaky/2' answers:
    """yaml
    { status: 503 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: /do/0/guard/try/0/loop/do/0/both/fork/branches/0/ask
    """
    And slow should run 2 times
    And the workflow should have taken PT1H
