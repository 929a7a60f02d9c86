Feature: Run workflow
  Workflows that run workflows.

  Background:
    Given a deployed workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: child, version: '1.0.0' }
    do:
      - work: { wait: PT10S }
      - answer: { set: { doubled: '${ .n * 2 }', context: '${ $context }' } }
    """
    And given a deployed workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: failing-child, version: '1.0.0' }
    do:
      - bad: { raise: { error: { type: 'https://example.com/e', status: 418, title: Teapot } } }
    """

  Scenario: The child's output is the task's output
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-child, version: '1.0.0' }
    do:
      - child: { run: { workflow: { namespace: default, name: child, version: '1.0.0', input: { n: 4 } } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { doubled: 8, context: {} }
    """
    And the workflow should have taken PT10S

  Scenario: The child's input may be an expression
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-input, version: '1.0.0' }
    do:
      - child:
          input: { from: .order }
          run: { workflow: { namespace: default, name: child, version: '1.0.0', input: { n: '${ .amount }' } } }
          output: { as: .doubled }
    """
    And given the workflow input is:
    """yaml
    order: { amount: 5 }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    10
    """

  Scenario: A child that is not awaited leaves the input as the output
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-no-await, version: '1.0.0' }
    do:
      - child: { run: { await: false, workflow: { namespace: default, name: child, version: '1.0.0', input: { n: 4 } } } }
    """
    And given the workflow input is:
    """yaml
    a: 1
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    a: 1
    """
    And the workflow should have taken PT0S

  Scenario: The caller's context is not the child's
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-context, version: '1.0.0' }
    do:
      - keep: { set: { k: 1 }, export: { as: . } }
      - child: { run: { workflow: { namespace: default, name: child, version: '1.0.0', input: { n: 1 } } } }
      - show: { set: { inChild: '${ .context }', here: '${ $context }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { inChild: {}, here: { k: 1 } }
    """

  Scenario: The error of a child is that of the task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-error, version: '1.0.0' }
    do:
      - child: { run: { workflow: { namespace: default, name: failing-child, version: '1.0.0' } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://example.com/e', status: 418, title: Teapot }
    """

  Scenario: The error of a child may be caught
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-caught, version: '1.0.0' }
    do:
      - attempt:
          try: [ { child: { run: { workflow: { namespace: default, name: failing-child, version: '1.0.0' } } } } ]
          catch: { errors: { with: { status: 418 } }, do: [ { note: { set: { caught: true } } } ] }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    caught: true
    """

  Scenario: A child that takes too long is given up
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-timeout, version: '1.0.0' }
    do:
      - child: { timeout: { after: PT5S }, run: { workflow: { namespace: default, name: child, version: '1.0.0', input: { n: 1 } } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { status: 408, instance: /do/0/child }
    """
    And the workflow should have taken PT5S

  Scenario: Children in a loop run one after the other
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-loop, version: '1.0.0' }
    do:
      - loop:
          for: { in: '[ 1, 2 ]' }
          do:
            - child:
                run: { workflow: { namespace: default, name: child, version: '1.0.0', input: { n: '${ $item }' } } }
                export: { as: '{ all: (($context.all // []) + [ .doubled ]) }' }
      - show: { set: { all: '${ $context.all }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    all: [ 2, 4 ]
    """
    And the workflow should have taken PT20S

  Scenario: A child that is not there is an error of the task
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-unknown, version: '1.0.0' }
    do:
      - child: { run: { workflow: { namespace: default, name: nobody, version: '1.0.0' } } }
    """
    When the workflow is executed
    Then the workflow should fault with error:
    """yaml
    { type: 'https://open-workflow-specification.org/spec/1.0.0/errors/configuration', status: 400, instance: /do/0/child }
    """

  Scenario: Cancelling a workflow cancels the child that it waits for
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-cancel, version: '1.0.0' }
    do:
      - child: { run: { workflow: { namespace: default, name: child, version: '1.0.0', input: { n: 1 } } } }
    """
    When the workflow is started
    And the workflow is cancelled
    Then the workflow should cancel
    And child should cancel
