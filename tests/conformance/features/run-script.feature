Feature: Run script
  Scripts in JavaScript and Python, with nothing around them.

  Scenario: What a script prints is the output
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: js-prints, version: '1.0.0' }
    do:
      - greet: { run: { script: { language: js, code: 'console.log("Hello", "World")' } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    "Hello World\n"
    """

  Scenario: Arguments are global variables, and what is returned is a value
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: js-returns, version: '1.0.0' }
    do:
      - total:
          run:
            script:
              language: js
              arguments: { prices: '${ .prices }', rate: 2 }
              code: 'return { total: prices.reduce((sum, one) => sum + one, 0) * rate };'
    """
    And given the workflow input is:
    """yaml
    prices: [ 1, 2, 3 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { total: 12 }
    """

  Scenario: The argument vector, the environment and standard input
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: js-given, version: '1.0.0' }
    do:
      - given:
          run:
            script:
              language: js
              arguments: [ a, '${ .b }' ]
              environment: { FOO: bar }
              stdin: '${ .text }'
              code: |
                import { readFileSync } from 'node:fs';
                console.log(process.argv.slice(2).join(), process.env.FOO, readFileSync(process.stdin.fd, 'utf8'));
    """
    And given the workflow input is:
    """yaml
    { b: b, text: in }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    "a,b bar in\n"
    """

  Scenario: An exit code may be asked for
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: js-exits, version: '1.0.0' }
    do:
      - all: { run: { script: { language: js, code: 'console.error("no"); process.exit(3)' }, return: all } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { code: 3, stdout: '', stderr: "no\n" }
    """

  Scenario: A script that fails is an error that can be caught
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: js-fails, version: '1.0.0' }
    do:
      - guarded:
          try:
            - bad: { run: { script: { language: js, code: 'throw new Error("no")' } } }
          catch:
            errors: { with: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime' } }
            do:
              - caught: { set: { caught: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { caught: true }
    """

  @python
  Scenario: What a script in Python prints is the output
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: python-prints, version: '1.0.0' }
    do:
      - greet: { run: { script: { language: python, code: 'print("Hello", "World")' } } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    "Hello World\n"
    """

  @python
  Scenario: Arguments are global variables in Python too, and what is returned is a value
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: python-returns, version: '1.0.0' }
    do:
      - total:
          run:
            script:
              language: python
              arguments: { prices: '${ .prices }', rate: 2 }
              code: 'return {"total": sum(prices) * rate}'
    """
    And given the workflow input is:
    """yaml
    prices: [ 1, 2, 3 ]
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { total: 12 }
    """

  @python
  Scenario: The argument vector, the environment and standard input in Python
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: python-given, version: '1.0.0' }
    do:
      - given:
          run:
            script:
              language: python
              arguments: [ a, '${ .b }' ]
              environment: { FOO: bar }
              stdin: '${ .text }'
              code: |
                import os, sys
                print(','.join(sys.argv[1:]), os.environ['FOO'], sys.stdin.read())
    """
    And given the workflow input is:
    """yaml
    { b: b, text: in }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    "a,b bar in\n"
    """

  @python
  Scenario: An exit code of Python may be asked for
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: python-exits, version: '1.0.0' }
    do:
      - code: { run: { script: { language: python, code: 'import sys; sys.exit(3)' }, return: code } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    3
    """

  @python
  Scenario: A script in Python that fails is an error that can be caught
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: python-fails, version: '1.0.0' }
    do:
      - guarded:
          try:
            - bad: { run: { script: { language: python, code: 'raise ValueError("no")' } } }
          catch:
            errors: { with: { type: 'https://serverlessworkflow.io/spec/1.0.0/errors/runtime' } }
            do:
              - caught: { set: { caught: true } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    { caught: true }
    """
