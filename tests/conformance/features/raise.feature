Feature: Raise
  Errors that a workflow raises by itself.

  Scenario: An error has the reference of the raising task as its instance
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: raise-instance, version: '1.0.0' }
    do:
      - list: { do: [ { fine: { set: { a: 1 } } }, { bad: { raise: { error: { type: 'https://example.com/e', status: 400 } } } } ] }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /do/0/list/do/1/bad
    """

  Scenario: Its members may be expressions
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: raise-expressions, version: '1.0.0' }
    do:
      - bad:
          raise:
            error:
              type: https://example.com/errors/stock
              status: 409
              title: ${ "No \(.item) left" }
              detail: ${ "asked for \(.n)" }
    """
    And given the workflow input is:
    """yaml
    { item: tea, n: 3 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://example.com/errors/stock
    status: 409
    title: No tea left
    detail: asked for 3
    """

  Scenario: A named error is one of use.errors
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: raise-named, version: '1.0.0' }
    use:
      errors:
        outOfStock: { type: 'https://example.com/errors/stock', status: 409, title: Out of stock }
    do:
      - bad: { raise: { error: outOfStock } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://example.com/errors/stock', status: 409, title: Out of stock, instance: /do/0/bad }
    """

  Scenario: A named error sees the input of the raising task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: raise-named-input, version: '1.0.0' }
    use:
      errors:
        outOfStock: { type: 'https://example.com/errors/stock', status: 409, detail: '${ "no \(.item)" }' }
    do:
      - bad: { raise: { error: outOfStock } }
    """
    And given the workflow input is:
    """yaml
    item: tea
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    detail: no tea
    """

  Scenario: Nothing runs after an error that nobody catches
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: raise-ends, version: '1.0.0' }
    do:
      - bad: { raise: { error: { type: 'https://example.com/e', status: 400 } }, then: next }
      - next: { set: { a: 1 } }
    """
    When the workflow is executed
    Then the workflow should fault
    And next should not run

  Scenario: An error that is caught may be raised again
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: raise-again, version: '1.0.0' }
    do:
      - attempt:
          try: [ { bad: { raise: { error: { type: 'https://example.com/e', status: 418, title: Teapot } } } } ]
          catch:
            do:
              - again: { raise: { error: { type: '${ $error.type }', status: 418, title: '${ $error.title }' } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://example.com/e', status: 418, title: Teapot, instance: /do/0/attempt/catch/do/0/again }
    """

  Scenario: An instance may be given
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: raise-own-instance, version: '1.0.0' }
    do:
      - bad: { raise: { error: { type: 'https://example.com/e', status: 400, instance: /elsewhere } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    instance: /elsewhere
    """

  Scenario Outline: An error that cannot be raised is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: raise-refused, version: '1.0.0' }
    use: { errors: { known: { type: 'https://example.com/e', status: 400 } } }
    do:
      - bad: { raise: { error: <error> } }
    """
    Then the workflow should be refused

    Examples:
      | what             | error                                            |
      | an unknown name  | knwn                                             |
      | no type          | { status: 400 }                                  |
      | no status        | { type: 'https://example.com/e' }                |
      | an unknown key   | { type: 'https://e.com/e', status: 400, why: x } |
