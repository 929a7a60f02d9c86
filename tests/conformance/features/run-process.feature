Feature: Run processes
  Programs of the workflow's author.

  Scenario Outline: What runs on the host is refused unless the operator allows it: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-refused, version: '1.0.0' }
    do:
      - go: { run: <process> }
    """
    Then the workflow should be refused

    Examples:
      | what       | process                                 |
      | a command  | { shell: { command: ls } }              |
      | a container | { container: { image: alpine } }       |

  Scenario Outline: A process that cannot be meant is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: run-wrong, version: '1.0.0' }
    do:
      - go: { run: <process> }
    """
    Then the workflow should be refused

    Examples:
      | what                    | process                                                              |
      | nothing to run          | {}                                                                   |
      | two things to run       | { workflow: { namespace: a, name: b, version: '1.0.0' }, script: { language: js, code: '1' } } |
      | an unknown language     | { script: { language: cobol, code: '1' } }                           |
      | no code                 | { script: { language: js } }                                         |
      | a workflow without name | { workflow: { namespace: default, version: '1.0.0' } }               |
