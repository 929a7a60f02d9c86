Feature: Call OpenAPI
  Operations of described services.

  Background:
    Given 'https://api.example.com/openapi.json' answers:
    """yaml
    body:
      openapi: 3.0.3
      info: { title: Things, version: 1.0.0 }
      servers: [ { url: 'https://api.example.com/v1' } ]
      paths:
        /things:
          get:
            operationId: listThings
            parameters:
              - { name: tag, in: query, schema: { type: array, items: { type: string } } }
              - { name: X-Trace, in: header, schema: { type: string } }
            responses: { '200': { description: ok } }
          post:
            operationId: addThing
            requestBody: { required: true, content: { application/json: { schema: { type: object } } } }
            responses: { '201': { description: ok } }
        /things/{id}:
          get:
            operationId: getThing
            parameters: [ { name: id, in: path, required: true, schema: { type: integer } } ]
            responses: { '200': { description: ok } }
    """

  Scenario: Path parameters are filled in
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: openapi-path, version: '1.0.0' }
    do:
      - get:
          call: openapi
          with: { document: { endpoint: 'https://api.example.com/openapi.json' }, operationId: getThing, parameters: { id: '${ .id }' } }
    """
    And given the workflow input is:
    """yaml
    id: 7
    """
    And given 'https://api.example.com/v1/things/7' answers:
    """yaml
    { body: { id: 7 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    id: 7
    """

  Scenario: Query and header parameters go where the description says
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: openapi-query, version: '1.0.0' }
    do:
      - list:
          call: openapi
          with: { document: { endpoint: 'https://api.example.com/openapi.json' }, operationId: listThings, parameters: { tag: [ a, b ], X-Trace: t-1 } }
    """
    And given 'https://api.example.com/v1/things' answers:
    """yaml
    - { when: { query: tag=a&tag=b, headers: { x-trace: t-1 } }, body: [ 1 ] }
    - { status: 400 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    [ 1 ]
    """

  Scenario: A body is the parameter body
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: openapi-body, version: '1.0.0' }
    do:
      - add:
          call: openapi
          with: { document: { endpoint: 'https://api.example.com/openapi.json' }, operationId: addThing, parameters: { body: { name: tea } } }
    """
    And given 'https://api.example.com/v1/things' answers:
    """yaml
    - { when: { method: POST, body: { name: tea } }, status: 201, body: { id: 9 } }
    - { status: 400 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    id: 9
    """

  Scenario: An operation that is not described is a configuration error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: openapi-unknown, version: '1.0.0' }
    do:
      - go: { call: openapi, with: { document: { endpoint: 'https://api.example.com/openapi.json' }, operationId: nothing } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/configuration', status: 400, instance: /do/0/go }
    """

  Scenario: A status that is no success is a communication error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: openapi-status, version: '1.0.0' }
    do:
      - go: { call: openapi, with: { document: { endpoint: 'https://api.example.com/openapi.json' }, operationId: getThing, parameters: { id: 8 } } }
    """
    And given 'https://api.example.com/v1/things/8' answers:
    """yaml
    { status: 404 }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/communication', status: 404, instance: /do/0/go }
    """
