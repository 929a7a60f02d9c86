Feature: Secrets
  What workflows may know and must not tell.

  Scenario: A secret may be part of a request
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: secret-header, version: '1.0.0' }
    use: { secrets: [ apiKey ] }
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: https://api.example.com/things
            headers: { x-api-key: '${ $secrets.apiKey }' }
    """
    And given the secret 'apiKey' is:
    """yaml
    hunter2-hunter2
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    ok: true
    """
    And the requests should be:
    """yaml
    - { headers: { x-api-key: hunter2-hunter2 } }
    """
    And 'hunter2-hunter2' should not be recorded

  Scenario: A member of a secret may be named
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: secret-member, version: '1.0.0' }
    use: { secrets: [ account ] }
    do:
      - ask:
          call: http
          with:
            method: post
            endpoint: https://api.example.com/login
            body: { user: '${ $secrets.account.user }', password: '${ $secrets.account.password }', plain: '${ .plain }' }
    """
    And given the workflow input is:
    """yaml
    plain: 1
    """
    And given the secret 'account' is:
    """yaml
    { user: li-si-of-west-lane, password: hunter2-hunter2 }
    """
    And given 'https://api.example.com/login' answers:
    """yaml
    { body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow should complete
    And the requests should be:
    """yaml
    - { body: { user: li-si-of-west-lane, password: hunter2-hunter2, plain: 1 } }
    """
    And 'hunter2-hunter2' should not be recorded

  Scenario: Credentials may be a secret as a whole
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: secret-use, version: '1.0.0' }
    use: { secrets: [ account ] }
    do:
      - ask:
          call: http
          with:
            method: get
            endpoint: { uri: 'https://api.example.com/things', authentication: { basic: { use: account } } }
    """
    And given the secret 'account' is:
    """yaml
    { username: Aladdin, password: open sesame }
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { body: { ok: true } }
    """
    When the workflow is executed
    Then the workflow should complete
    And the requests should be:
    """yaml
    - { headers: { authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== } }
    """
    And 'open sesame' should not be recorded

  Scenario: A secret that nobody provides is an authorization error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: secret-missing, version: '1.0.0' }
    use: { secrets: [ apiKey ] }
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://api.example.com/things', headers: { x-api-key: '${ $secrets.apiKey }' } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/authorization', status: 403, instance: /do/0/ask }
    """
    And 'https://api.example.com/things' should have been asked 0 times

  Scenario: A missing secret may be caught
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: secret-caught, version: '1.0.0' }
    use: { secrets: [ apiKey ] }
    do:
      - attempt:
          try:
            - ask:
                call: http
                with: { method: get, endpoint: 'https://api.example.com/things', headers: { x-api-key: '${ $secrets.apiKey }' } }
          catch: { errors: { with: { status: 403 } }, do: [ { note: { set: { denied: true } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    denied: true
    """

  Scenario: A secret that the service sends back is masked in errors
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: secret-echo, version: '1.0.0' }
    use: { secrets: [ apiKey ] }
    do:
      - ask:
          call: http
          with: { method: get, endpoint: 'https://api.example.com/things', headers: { x-api-key: '${ $secrets.apiKey }' } }
    """
    And given the secret 'apiKey' is:
    """yaml
    hunter2-hunter2
    """
    And given 'https://api.example.com/things' answers:
    """yaml
    { status: 400, text: 'wrong key hunter2-hunter2' }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    status: 400
    """
    And 'hunter2-hunter2' should not be recorded

  Scenario Outline: A secret may be read only in what goes outside: <place>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: secret-places, version: '1.0.0' }
    use: { secrets: [ apiKey ] }
    do:
      - one: { <place> }
    """
    Then the workflow should be refused

    Examples:
      | place                                                          |
      | set: { v: '${ $secrets.apiKey }' }                             |
      | set: { v: 1 }, output: { as: $secrets.apiKey }                 |
      | set: { v: 1 }, export: { as: $secrets }                        |
      | if: '$secrets.apiKey == "x"', set: { v: 1 }                    |
      | emit: { event: { with: { type: a.b, data: '${ $secrets }' } } } |

  Scenario: A secret that the workflow does not list is refused
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: secret-unlisted, version: '1.0.0' }
    use: { secrets: [ apiKey ] }
    do:
      - ask: { call: http, with: { method: get, endpoint: 'https://api.example.com/', headers: { k: '${ $secrets.apiKy }' } } }
    """
    Then the workflow should be refused
