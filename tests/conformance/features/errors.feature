Feature: Errors
  What errors look like, wherever they come from.

  Scenario Outline: An error of the runtime has type, status and instance: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: error-kinds, version: '1.0.0' }
    do:
      - it: <task>
    """
    And given the workflow input is:
    """yaml
    { n: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/<type>', status: <status>, instance: /do/0/it }
    """

    Examples:
      | what         | task                                                                     | type       | status |
      | expression   | { set: { v: '${ .n.x }' } }                                              | expression | 400    |
      | validation   | { input: { schema: { document: { type: array } } }, set: { a: 1 } }      | validation | 400    |
      | timeout      | { wait: PT1H, timeout: { after: PT1S } }                                 | timeout    | 408    |
      | expression of a loop | { for: { in: .n }, do: [ { x: { set: { a: 1 } } } ] }            | expression | 400    |

  Scenario Outline: A filter may name the type by either host of the specification: <host>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: error-hosts, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { set: { v: '${ error("no") }' } } } ]
          catch:
            errors: { with: { type: 'https://<host>/spec/1.0.0/errors/expression' } }
            do: [ { note: { set: { caught: true } } } ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: true
    """

    Examples:
      | host                            |
      | open-workflow-specification.org |
      | serverlessworkflow.io           |

  Scenario Outline: An error raised with one host is caught by the other: <raised>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: error-raised-host, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://<raised>/spec/1.0.0/errors/runtime', status: 500 } } } } ]
          catch:
            errors: { with: { type: 'https://<caught>/spec/1.0.0/errors/runtime' } }
            do: [ { note: { set: { type: '${ $error.type }' } } } ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    type: https://<raised>/spec/1.0.0/errors/runtime
    """

    Examples:
      | raised                          | caught                          |
      | open-workflow-specification.org | serverlessworkflow.io           |
      | serverlessworkflow.io           | open-workflow-specification.org |

  Scenario: Another host is another type
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: error-other-host, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { set: { v: '${ error("no") }' } } } ]
          catch:
            errors: { with: { type: 'https://example.com/spec/1.0.0/errors/expression' } }
    """
    When the workflow is executed
    Then the workflow should fault

  Scenario: An error of the workflow's input has the instance of the workflow
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: error-instance, version: '1.0.0' }
    input: { schema: { document: { type: array } } }
    do:
      - it: { set: { a: 1 } }
    """
    And given the workflow input is:
    """yaml
    { n: 1 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { status: 400, instance: / }
    """

  Scenario: The instance escapes what a JSON Pointer escapes
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: error-pointer, version: '1.0.0' }
    do:
      - a/b~c: { raise: { error: { type: 'https://example.com/e', status: 400 } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/0/a~1b~0c
    """

  Scenario: The detail says what is wrong
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: error-detail, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { set: { v: '${ error("the kettle is empty") }' } } } ]
          catch: { do: [ { note: { set: { told: '${ $error.detail | contains("the kettle is empty") }' } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    told: true
    """
