Feature: Data flow
  What each step of a workflow sees, passes on and keeps.

  Scenario: The raw input of the workflow is the input of the first task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: first-input, version: '1.0.0' }
    do:
      - echo: { set: { seen: '${ . }' } }
    """
    And given the workflow input is:
    """yaml
    { a: 1 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    seen: { a: 1 }
    """

  Scenario: The workflow's input.from transforms its input before the first task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: workflow-input-from, version: '1.0.0' }
    input: { from: '${ .order }' }
    do:
      - echo: { set: { seen: '${ . }', input: '${ $input }', raw: '${ $workflow.input }' } }
    """
    And given the workflow input is:
    """yaml
    { order: { id: 7 }, noise: true }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { seen: { id: 7 }, input: { id: 7 }, raw: { order: { id: 7 }, noise: true } }
    """

  Scenario: The workflow's input.from may be an object with expressions
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: workflow-input-object, version: '1.0.0' }
    input: { from: { id: '${ .order.id }', fixed: 1 } }
    do:
      - echo: { set: '${ . }' }
    """
    And given the workflow input is:
    """yaml
    { order: { id: 7 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { id: 7, fixed: 1 }
    """

  Scenario: An input that does not fit the workflow's schema faults before the first task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: workflow-input-schema, version: '1.0.0' }
    input:
      schema: { format: json, document: { type: object, required: [ id ] } }
    do:
      - echo: { set: { a: 1 } }
    """
    And given the workflow input is:
    """yaml
    { name: x }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/validation', status: 400 }
    """
    And echo should not run

  Scenario: The schema of the workflow's input is asked before input.from
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: schema-before-from, version: '1.0.0' }
    input:
      schema: { document: { type: object, required: [ order ] } }
      from: .order
    do:
      - echo: { set: { got: '${ . }' } }
    """
    And given the workflow input is:
    """yaml
    { order: 5 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 5
    """

  Scenario: The output of a task is the input of the next
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: chain, version: '1.0.0' }
    do:
      - one: { set: { n: 1 } }
      - two: { set: { n: '${ .n + 1 }' } }
      - three: { set: { n: '${ .n * 10 }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 20
    """

  Scenario: A task's input.from gives it another input, and $input is that one
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: task-input-from, version: '1.0.0' }
    do:
      - pick:
          input: { from: .user }
          set: { name: '${ .name }', same: '${ $input == . }', raw: '${ $task.input.user.name }' }
    """
    And given the workflow input is:
    """yaml
    user: { name: Li }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { name: Li, same: true, raw: Li }
    """

  Scenario: A task's input schema is asked before its input.from
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: task-input-schema, version: '1.0.0' }
    do:
      - pick:
          input:
            schema: { document: { type: object, required: [ user ] } }
            from: .user
          set: { got: '${ . }' }
    """
    And given the workflow input is:
    """yaml
    { user: Li }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: Li
    """

  Scenario: An input that does not fit a task's schema is a validation error of that task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: task-input-invalid, version: '1.0.0' }
    do:
      - first: { set: { n: many } }
      - second:
          input: { schema: { document: { properties: { n: { type: integer } } } } }
          set: { never: true }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/validation
    status: 400
    instance: /do/1/second
    """
    And first should complete
    And second should fault

  Scenario: output.as transforms what a task gives
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: task-output-as, version: '1.0.0' }
    do:
      - make: { set: { list: [ 3, 4 ] }, output: { as: '.list[1]' } }
      - show: { set: { got: '${ . }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    got: 4
    """

  Scenario: output.as sees the task's input as $input, and its raw output as the document
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: output-as-input, version: '1.0.0' }
    do:
      - make:
          input: { from: .x }
          set: { y: 2 }
          output: { as: '{ before: $input, after: .y }' }
    """
    And given the workflow input is:
    """yaml
    x: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { before: 1, after: 2 }
    """

  Scenario: output.as may be an object with expressions
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: output-object, version: '1.0.0' }
    do:
      - make: { set: { y: 2 }, output: { as: { twice: '${ .y * 2 }', note: done } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { twice: 4, note: done }
    """

  Scenario: A task's output schema is asked of the transformed output
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: output-schema, version: '1.0.0' }
    do:
      - make:
          set: { y: text }
          output: { as: .y, schema: { document: { type: string } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    text
    """

  Scenario: An output that does not fit its schema is a validation error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: output-invalid, version: '1.0.0' }
    do:
      - make:
          set: { y: text }
          output: { schema: { document: { properties: { y: { type: number } } } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/validation
    status: 400
    instance: /do/0/make
    """

  Scenario: A validation error of an output may be caught
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: output-caught, version: '1.0.0' }
    do:
      - attempt:
          try:
            - make: { set: { y: text }, output: { schema: { document: { required: [ z ] } } } }
          catch:
            errors: { with: { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/validation' } }
            do:
              - note: { set: { status: '${ $error.status }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    status: 400
    """

  Scenario: The workflow's output.as and schema come last
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: workflow-output, version: '1.0.0' }
    output: { as: '{ total: (.a + .b) }', schema: { document: { required: [ total ] } } }
    do:
      - make: { set: { a: 1, b: 2 } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    total: 3
    """

  Scenario: An output that does not fit the workflow's schema faults the workflow
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: workflow-output-invalid, version: '1.0.0' }
    output: { schema: { document: { required: [ total ] } } }
    do:
      - make: { set: { a: 1 } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/validation', status: 400 }
    """
    And make should complete

  Scenario: The context is an empty object until something is exported
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: context-empty, version: '1.0.0' }
    do:
      - show: { set: { context: '${ $context }' } }
      - keep: { set: { a: 1 }, export: { as: . } }
    """
    When the workflow is executed
    Then show should complete with output:
    """yaml
    context: {}
    """

  Scenario: export.as replaces the context and leaves the output alone
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: context-replaced, version: '1.0.0' }
    do:
      - one: { set: { a: 1 }, export: { as: '{ first: .a }' } }
      - two: { set: { b: 2 }, export: { as: '{ second: .b }' } }
      - show: { set: { context: '${ $context }', input: '${ . }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { context: { second: 2 }, input: { b: 2 } }
    """

  Scenario: export.as can keep what was exported before
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: context-merged, version: '1.0.0' }
    do:
      - one: { set: { a: 1 }, export: { as: '$context + { first: .a }' } }
      - two: { set: { b: 2 }, export: { as: '$context + { second: .b }' } }
      - show: { set: { context: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    context: { first: 1, second: 2 }
    """

  Scenario: export.as sees the transformed output, also as $output, and the transformed input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: export-arguments, version: '1.0.0' }
    do:
      - one:
          input: { from: .x }
          set: { y: 2 }
          output: { as: .y }
          export: { as: '{ document: ., output: $output, input: $input }' }
      - show: { set: { context: '${ $context }' } }
    """
    And given the workflow input is:
    """yaml
    x: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    context: { document: 2, output: 2, input: 1 }
    """

  Scenario: A context that does not fit export.schema is a validation error
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: export-schema, version: '1.0.0' }
    do:
      - one:
          set: { a: 1 }
          export: { as: '{ a: .a }', schema: { document: { required: [ b ] } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    type: https://open-workflow-specification.org/spec/1.0.0/errors/validation
    status: 400
    instance: /do/0/one
    """

  Scenario: A task may read the context wherever an expression stands
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: context-everywhere, version: '1.0.0' }
    do:
      - one: { set: { a: 1 }, export: { as: '{ k: 5, go: true }' } }
      - two:
          if: $context.go
          input: { from: '$context.k + 1' }
          set: { n: '${ . + $context.k }' }
          output: { as: '.n + $context.k' }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    16
    """

  Scenario Outline: Any JSON value may flow through a workflow: <kind>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: any-value, version: '1.0.0' }
    do:
      - wrap: { set: { v: '${ . }' }, output: { as: .v } }
    """
    And given the workflow input is:
    """yaml
    <value>
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    <value>
    """

    Examples:
      | kind   | value              |
      | null   | null               |
      | string | "中文"             |
      | number | -12.5              |
      | array  | [ 1, [ 2 ], null ] |
