Feature: Documents
  Which documents are workflows.

  Scenario Outline: A version of the language that is spoken: <dsl>
    Given a workflow with definition:
    """yaml
    document: { dsl: '<dsl>', namespace: default, name: versions, version: '1.0.0' }
    do:
      - one: { set: { n: 1 } }
    """
    When the workflow is executed
    Then the workflow should complete

    Examples:
      | dsl   |
      | 1.0.0 |
      | 1.0.1 |
      | 1.0.2 |
      | 1.0.3 |

  Scenario Outline: A document that is no workflow is refused: <what>
    Given a workflow with definition:
    """yaml
    document: <document>
    do:
      - one: { set: { n: 1 } }
    """
    Then the workflow should be refused

    Examples:
      | what                       | document                                                                  |
      | a language of the future   | { dsl: '2.0.0', namespace: default, name: x, version: '1.0.0' }           |
      | no language                | { namespace: default, name: x, version: '1.0.0' }                         |
      | no name                    | { dsl: '1.0.3', namespace: default, version: '1.0.0' }                    |
      | no namespace               | { dsl: '1.0.3', name: x, version: '1.0.0' }                               |
      | no version                 | { dsl: '1.0.3', namespace: default, name: x }                             |
      | a version that is none     | { dsl: '1.0.3', namespace: default, name: x, version: one }               |
      | a name with a blank        | { dsl: '1.0.3', namespace: default, name: 'a b', version: '1.0.0' }       |
      | a name with a dot          | { dsl: '1.0.3', namespace: default, name: a.b, version: '1.0.0' }         |
      | a name that ends in a dash | { dsl: '1.0.3', namespace: default, name: a-, version: '1.0.0' }          |
      | an unknown key             | { dsl: '1.0.3', namespace: default, name: x, version: '1.0.0', titel: X } |

  Scenario Outline: A list of tasks that is none is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: lists, version: '1.0.0' }
    <do>
    """
    Then the workflow should be refused

    Examples:
      | what                   | do                                                          |
      | no tasks at all        | output: { as: . }                                           |
      | an empty list          | do: []                                                      |
      | a mapping              | do: { one: { set: { n: 1 } } }                              |
      | two names in one item  | do: [ { one: { set: { n: 1 } }, two: { set: { n: 2 } } } ]  |
      | the same name twice    | do: [ { one: { set: { n: 1 } } }, { one: { set: { n: 2 } } } ] |
      | a task of no kind      | do: [ { one: { then: end } } ]                              |
      | a task of two kinds    | do: [ { one: { set: { n: 1 }, wait: PT1S } } ]              |
      | an unknown kind        | do: [ { one: { sett: { n: 1 } } } ]                         |
      | an unknown key         | do: [ { one: { set: { n: 1 }, thn: end } } ]                |

  Scenario Outline: YAML that means something else than it says is refused: <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: yaml, version: '1.0.0' }
    do:
      - one: { set: <value> }
    """
    Then the workflow should be refused

    Examples:
      | what              | value                        |
      | a key twice       | { a: 1, a: 2 }               |
      | a tag             | { a: !secret x }             |
      | a merge key       | { <<: { a: 1 } }             |
      | infinity          | { a: .inf }                  |
      | a key that is no text | { 1: a }                 |

  Scenario Outline: YAML 1.2 tells words from values: <text>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: words, version: '1.0.0' }
    do:
      - one: { set: { v: <text> } }
      - two: { set: { type: '${ .v | type }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    type: <type>
    """

    Examples:
      | text     | type    |
      | no       | string  |
      | on       | string  |
      | y        | string  |
      | true     | boolean |
      | 'true'   | string  |
      | ~        | 'null'  |
      | 012      | string  |
      | 1e3      | number  |
      | 12:30:45 | string  |
      | 2026-01-01 | string |

  Scenario: Metadata is free, of the document and of each task
    Given a workflow with definition:
    """yaml
    document:
      dsl: '1.0.3'
      namespace: default
      name: metadata
      version: '1.0.0'
      title: A title
      summary: What it is for
      tags: { area: tests }
      metadata: { owner: { team: 5 } }
    do:
      - one: { set: { n: 1 }, metadata: { anything: [ 1, 2 ] } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    n: 1
    """

  Scenario Outline: Task names may be <what>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: task-names, version: '1.0.0' }
    do:
      - <name>: { set: { at: '${ $task.name }' } }
    """
    When the workflow is executed
    Then the workflow should complete with output:
    """yaml
    at: <name>
    """

    Examples:
      | what              | name       |
      | Chinese           | 受理       |
      | with a dash       | first-step |
      | with an underline | first_step |
      | like a keyword    | set        |

  Scenario Outline: A variable must have a name that an expression can say: <name>
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: variables, version: '1.0.0' }
    do:
      - loop: { for: { each: '<name>', in: '[1]' }, do: [ { x: { set: { a: 1 } } } ] }
    """
    Then the workflow should be refused

    Examples:
      | name    |
      | a-b     |
      | 1st     |
      | a b     |
      | context |

  Scenario: An unknown key of the workflow is refused
    Given a workflow with definition:
    """yaml
    document: { dsl: '1.0.3', namespace: default, name: unknown-key, version: '1.0.0' }
    outputs: { as: . }
    do:
      - one: { set: { n: 1 } }
    """
    Then the workflow should be refused
