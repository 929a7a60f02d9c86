Feature: Try
  Which errors are caught, and what is done then.

  Scenario: Without an error a try gives the output of its list
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-fine, version: '1.0.0' }
    do:
      - attempt:
          try: [ { good: { set: { ok: true } } } ]
          catch: { do: [ { never: { set: { ok: false } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And never should not run

  Scenario Outline: An error filter is equality on the members it names: <filter>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-filter, version: '1.0.0' }
    do:
      - attempt:
          try:
            - bad: { raise: { error: { type: 'https://example.com/e', status: 418, title: Teapot, detail: short and stout } } }
          catch:
            errors: { with: <filter> }
            do: [ { note: { set: { caught: true } } } ]
    """
    When the workflow is executed
    Then the workflow should <end>

    Examples:
      | filter                                          | end      |
      | { type: 'https://example.com/e' }               | complete |
      | { type: 'https://example.com/other' }           | fault    |
      | { status: 418 }                                 | complete |
      | { status: 400 }                                 | fault    |
      | { title: Teapot }                               | complete |
      | { title: Kettle }                               | fault    |
      | { detail: short and stout }                     | complete |
      | { detail: tall }                                | fault    |
      | { instance: /do/0/attempt/try/0/bad }           | complete |
      | { instance: /do/0/attempt }                     | fault    |
      | { type: 'https://example.com/e', status: 418 }  | complete |
      | { type: 'https://example.com/e', status: 400 }  | fault    |

  Scenario: A catch without a filter takes every error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-all, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { set: '${ error("no") }' } } ]
          catch: { do: [ { note: { set: { caught: '${ $error.status }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: 400
    """

  Scenario: The error's variable may be named
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-as, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 418, title: Teapot } } } } ]
          catch: { as: trouble, do: [ { note: { set: { caught: '${ $trouble }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: { type: 'https://example.com/e', status: 418, title: Teapot, instance: /do/0/attempt/try/0/bad }
    """

  Scenario: Without do the try gives its input on
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-no-do, version: '1.0.0' }
    do:
      - attempt:
          try: [ { change: { set: { n: 2 } } }, { bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } } } ]
          catch: {}
    """
    And given the workflow input is:
    """yaml
    n: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  Scenario: catch.do has the input of the try
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-do-input, version: '1.0.0' }
    do:
      - attempt:
          input: { from: .x }
          try: [ { change: { set: { n: 2 } } }, { bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } } } ]
          catch: { do: [ { note: { set: { got: '${ . }' } } } ] }
    """
    And given the workflow input is:
    """yaml
    x: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 1
    """

  Scenario: What was exported before the error stays
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-export, version: '1.0.0' }
    do:
      - attempt:
          try:
            - first: { set: { done: one }, export: { as: . } }
            - bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } }
          catch: { do: [ { undo: { set: { undone: '${ $context.done }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    undone: one
    """

  Scenario Outline: catch.<condition> decides about the error: <status>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-when, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: <status> } } } } ]
          catch: { <condition>: '$error.status == 503', do: [ { note: { set: { caught: true } } } ] }
    """
    When the workflow is executed
    Then the workflow should <end>

    Examples:
      | condition  | status | end      |
      | when       | 503    | complete |
      | when       | 500    | fault    |
      | exceptWhen | 503    | fault    |
      | exceptWhen | 500    | complete |

  Scenario: catch.when sees the input of the try and the named error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-when-input, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 503 } } } } ]
          catch: { as: e, when: '.patient and $e.status == 503', do: [ { note: { set: { caught: true } } } ] }
    """
    And given the workflow input is:
    """yaml
    patient: true
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: true
    """

  Scenario: The innermost try that wants the error takes it
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-nested, version: '1.0.0' }
    do:
      - outer:
          try:
            - inner:
                try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 418 } } } } ]
                catch: { errors: { with: { status: 500 } }, do: [ { innerNote: { set: { by: inner } } } ] }
          catch: { errors: { with: { status: 418 } }, do: [ { outerNote: { set: { by: outer } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    by: outer
    """
    And innerNote should not run

  Scenario: An error in catch.do goes out
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-in-catch, version: '1.0.0' }
    do:
      - outer:
          try:
            - inner:
                try: [ { bad: { raise: { error: { type: 'https://example.com/first', status: 400 } } } } ]
                catch: { do: [ { worse: { raise: { error: { type: 'https://example.com/second', status: 500 } } } } ] }
          catch: { do: [ { note: { set: { caught: '${ $error.type }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: https://example.com/second
    """

  Scenario: An error of a nested list is caught by the try around it
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-deep, version: '1.0.0' }
    do:
      - attempt:
          try:
            - list: { do: [ { loop: { for: { in: '[1]' }, do: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } } } ] } } ] }
            - never: { set: { a: 1 } }
          catch: { do: [ { note: { set: { at: '${ $error.instance }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: /do/0/attempt/try/0/list/do/0/loop/do/0/bad
    """
    And never should not run

  Scenario Outline: catch.then leads on after an error: <then>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-catch-then, version: '1.0.0' }
    do:
      - list:
          do:
            - attempt:
                try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } } } ]
                catch: { do: [ { note: { set: { seen: [ caught ] } } } ], then: <then> }
            - second: { set: { seen: '${ .seen + [ "second" ] }' } }
            - third: { set: { seen: '${ .seen + [ "third" ] }' } }
      - after: { set: { seen: '${ .seen + [ "after" ] }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: <seen>
    """

    Examples:
      | then     | seen                             |
      | continue | [ caught, second, third, after ] |
      | third    | [ caught, third, after ]         |
      | exit     | [ caught, after ]                |
      | end      | [ caught ]                       |

  Scenario: catch.then does not count when nothing was caught
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-then-fine, version: '1.0.0' }
    do:
      - attempt: { try: [ { good: { set: { n: 1 } } } ], catch: { then: end } }
      - next: { set: { n: '${ .n + 1 }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 2
    """

  Scenario: The output of catch.do is transformed by the try's output.as
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-output, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } } } ]
          catch: { do: [ { note: { set: { n: 1 } } } ] }
          output: { as: '{ wrapped: . }' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    wrapped: { n: 1 }
    """

  Scenario: A condition that fails replaces the error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: try-when-fails, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 418 } } } } ]
          catch: { when: '$error.status + "x" == 1', do: [ { note: { set: { caught: true } } } ] }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/expression
    status: 400
    """
