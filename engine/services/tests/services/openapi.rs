//! `call: openapi`: Swagger 2.0 and OpenAPI 3.x, from addresses and files.

use expect_test::expect;
use serde_json::{Value, json};
use yiwang_dsl::Fault;
use yiwang_dsl::definition::Protocol;
use yiwang_services::Performer;

use crate::support::{Server, call_with, json_reply, performer, performer_with, reply, serve, told};

const PETS: &str = r#"
swagger: "2.0"
basePath: /v2
consumes: [application/json]
produces: [application/xml, application/json]
securityDefinitions:
  api_key: { type: apiKey, name: api_key, in: header }
paths:
  /pet/findByStatus:
    get:
      operationId: findPetsByStatus
      parameters:
        - { name: status, in: query, required: true, type: array, collectionFormat: multi }
        - { name: tags, in: query, type: array, collectionFormat: pipes }
      responses: { 200: { description: ok } }
  /pet/{petId}:
    parameters:
      - { $ref: '#/parameters/petId' }
    get: { operationId: getPetById, responses: { 200: { description: ok } } }
    post:
      operationId: updatePetWithForm
      consumes: [application/x-www-form-urlencoded]
      parameters:
        - { name: name, in: formData, type: string, required: true }
        - { name: marks, in: formData, type: array, collectionFormat: ssv }
  /pet/{petId}/uploadImage:
    post:
      operationId: uploadFile
      consumes: [multipart/form-data]
      parameters:
        - { name: petId, in: path, required: true, type: integer }
        - { name: file, in: formData, type: file }
  /pet:
    post:
      operationId: addPet
      parameters:
        - { name: pet, in: body, required: true, schema: { type: object } }
        - { name: X-Trace, in: header, type: array, collectionFormat: csv }
parameters:
  petId: { name: petId, in: path, required: true, type: integer }
"#;

const SHOP: &str = r##"{
  "openapi": "3.1.0",
  "servers": [{ "url": "../{stage}/api", "variables": { "stage": { "default": "live" } } }],
  "paths": {
    "/orders/{id}": {
      "get": {
        "operationId": "getOrder",
        "parameters": [
          { "$ref": "#/components/parameters/id" },
          { "name": "fields", "in": "query", "explode": false, "schema": { "type": "array" } },
          { "name": "filter", "in": "query", "style": "deepObject", "explode": true },
          { "name": "where", "in": "query", "content": { "application/json": {} } },
          { "name": "session", "in": "cookie" },
          { "name": "X-Ids", "in": "header" },
          { "name": "path", "in": "query", "allowReserved": true }
        ],
        "responses": { "200": { "content": { "application/hal+json": {}, "text/csv": {} } } }
      }
    },
    "/orders": {
      "post": {
        "operationId": "createOrder",
        "requestBody": { "$ref": "#/components/requestBodies/order" }
      },
      "put": {
        "operationId": "importOrders",
        "servers": [{ "url": "/import" }],
        "requestBody": { "content": { "multipart/form-data": { "schema": {
          "properties": { "list": { "type": "string", "format": "binary" }, "note": { "type": "string" } }
        } } } }
      }
    }
  },
  "components": {
    "parameters": { "id": { "name": "id", "in": "path", "required": true, "style": "matrix" } },
    "requestBodies": { "order": { "required": true, "content": {
      "text/plain": {}, "application/json": { "schema": { "allOf": [{ "$ref": "#/components/schemas/order" }] } }
    } } },
    "schemas": { "order": { "type": "object", "required": ["item"], "properties": { "item": {}, "count": {} } } }
  }
}"##;

async fn shop() -> Server {
    serve(|seen| match seen.target.as_str() {
        "/docs/pets.yaml" => reply(200, &[], PETS),
        "/docs/shop.json" => reply(200, &[("content-type", "application/json")], SHOP),
        _ => json_reply(&json!("done")),
    })
    .await
}

async fn call(performer: &Performer, uri: String, id: &str, parameters: Value) -> Result<Value, Fault> {
    let document = json!({ "endpoint": { "uri": uri } });
    let with = json!({ "document": document, "operationId": id, "parameters": parameters });
    call_with(performer, Protocol::OpenApi, with, &[], &[]).await
}

/// What the server saw of a call: its first line, the headers that count, its body.
async fn sent(server: &Server, document: &str, id: &str, parameters: Value) -> String {
    match call(&performer(), server.url(document), id, parameters).await {
        Err(fault) => told(&fault, server),
        Ok(_) => {
            let seen = server.seen().pop().unwrap();
            let names = ["accept", "content-type", "cookie", "x-ids", "x-trace", "api_key"];
            let names = names.iter().filter(|name| !matches!(seen.header(name), "" | "*/*"));
            let headers: String = names.map(|name| format!("\n{name}: {}", seen.header(name))).collect();
            let body = seen.body.replace('\r', "");
            let between = if body.is_empty() { "" } else { "\n" };
            format!("{} {}{headers}{between}{body}", seen.method, seen.target)
        }
    }
}

#[tokio::test]
async fn swagger_two_is_called() {
    let server = shop().await;
    let mut all = Vec::new();
    for (id, parameters) in [
        ("findPetsByStatus", json!({ "status": ["available", "sold"], "tags": ["a", "b c"] })),
        ("findPetsByStatus", json!({ "status": "available" })),
        ("getPetById", json!({ "petId": 1, "api_key": "k" })),
        ("getPetById", json!({ "petId": "a/../b?" })),
        ("updatePetWithForm", json!({ "petId": 1, "name": "小白", "marks": ["x", "y"] })),
        ("addPet", json!({ "pet": { "name": "milou" }, "X-Trace": ["a", "b"] })),
        ("uploadFile", json!({ "petId": 1, "file": "abc" })),
    ] {
        all.push(sent(&server, "/docs/pets.yaml", id, parameters).await);
    }
    expect![[r#"
        GET /v2/pet/findByStatus?status=available&status=sold&tags=a%7Cb%20c
        accept: application/json

        GET /v2/pet/findByStatus?status=available
        accept: application/json

        GET /v2/pet/1
        accept: application/json
        api_key: k

        GET /v2/pet/a%2F..%2Fb%3F
        accept: application/json

        POST /v2/pet/1
        accept: application/json
        content-type: application/x-www-form-urlencoded
        marks=x+y&name=%E5%B0%8F%E7%99%BD

        POST /v2/pet
        accept: application/json
        content-type: application/json
        x-trace: a,b
        {"name":"milou"}

        POST /v2/pet/1/uploadImage
        accept: application/json
        content-type: multipart/form-data; boundary=yiwang-boundary
        --yiwang-boundary
        content-disposition: form-data; name="file"; filename="file"
        content-type: application/octet-stream

        abc
        --yiwang-boundary--
    "#]]
    .assert_eq(&all.join("\n\n"));
}

#[tokio::test]
async fn openapi_three_is_called() {
    let server = shop().await;
    let mut all = Vec::new();
    for (id, parameters) in [
        (
            "getOrder",
            json!({
                "id": 7, "fields": ["a", "b"], "filter": { "state": "open", "by": { "who": "li" } },
                "where": { "x": 1 }, "session": "s 1", "X-Ids": [1, 2], "path": "/a/b&c",
            }),
        ),
        ("createOrder", json!({ "item": "tea", "count": 2 })),
        ("createOrder", json!({ "body": { "item": "tea", "gift": true } })),
        ("importOrders", json!({ "list": "a,b", "note": "n" })),
        ("importOrders", json!({})),
    ] {
        all.push(sent(&server, "/docs/shop.json", id, parameters).await);
    }
    expect![[r#"
        GET /live/api/orders/;id=7?fields=a,b&filter[by][who]=li&filter[state]=open&where=%7B%22x%22%3A1%7D&path=/a/b%26c
        accept: application/hal+json
        cookie: session=s%201
        x-ids: 1,2

        POST /live/api/orders
        content-type: application/json
        {"count":2,"item":"tea"}

        POST /live/api/orders
        content-type: application/json
        {"gift":true,"item":"tea"}

        PUT /import/orders
        content-type: multipart/form-data; boundary=yiwang-boundary
        --yiwang-boundary
        content-disposition: form-data; name="list"; filename="list"
        content-type: application/octet-stream

        a,b
        --yiwang-boundary
        content-disposition: form-data; name="note"

        n
        --yiwang-boundary--


        PUT /import/orders"#]].assert_eq(&all.join("\n\n"));
}

#[tokio::test]
async fn what_an_operation_does_not_know_is_told_before_it_is_called() {
    let server = shop().await;
    let mut all = Vec::new();
    for (document, id, parameters) in [
        ("/docs/pets.yaml", "findPetByStatus", json!({})),
        ("/docs/pets.yaml", "findPetsByStatus", json!({ "state": "x", "tag": 1 })),
        ("/docs/pets.yaml", "getPetById", json!({ "petId": ".." })),
        ("/docs/pets.yaml", "addPet", json!({})),
        ("/docs/shop.json", "createOrder", json!({ "count": 1 })),
        ("/docs/shop.json", "createOrder", json!({})),
    ] {
        all.push(sent(&server, document, id, parameters).await);
    }
    expect![[r#"
        configuration/400: the document has no operation `findPetByStatus`; did you mean `findPetsByStatus`?
        validation/400: the operation `findPetsByStatus` cannot be called: `status` is missing, `state` is no parameter of it; did you mean `status`?, `tag` is no parameter of it; did you mean `tags`?
        validation/400: a parameter of the path would be `.` or `..`
        validation/400: the operation `addPet` cannot be called: the body is missing: `pet`
        validation/400: the operation `createOrder` cannot be called: `item` is missing
        validation/400: the operation `createOrder` cannot be called: `item` is missing"#]].assert_eq(&all.join("\n"));
    assert!(server.seen().iter().all(|seen| seen.target.starts_with("/docs/")));
}

#[tokio::test]
async fn a_document_is_kept_for_a_while() {
    let server = shop().await;
    let performer = performer();
    for _ in 0..3 {
        let parameters = json!({ "petId": 1 });
        call(&performer, server.url("/docs/pets.yaml"), "getPetById", parameters).await.unwrap();
    }
    let documents = server.seen().iter().filter(|seen| seen.target.starts_with("/docs/")).count();
    assert_eq!(documents, 1);
}

#[tokio::test]
async fn files_are_read_only_from_folders_that_are_open() {
    let server = shop().await;
    let open = tempfile::tempdir().unwrap();
    let closed = tempfile::tempdir().unwrap();
    let text = format!("host: {}\nschemes: [http]\n{PETS}", server.at);
    for folder in [&open, &closed] {
        std::fs::write(folder.path().join("pets.yaml"), &text).unwrap();
    }
    std::os::unix::fs::symlink(closed.path().join("pets.yaml"), open.path().join("link.yaml")).unwrap();
    let folder = open.path().to_owned();
    let performer = performer_with(|config| config.folders = vec![folder]);
    let get = async |uri: String| call(&performer, uri, "getPetById", json!({ "petId": 1 })).await;
    let at = |folder: &tempfile::TempDir, name: &str| format!("file://{}/{name}", folder.path().display());
    assert_eq!(get(at(&open, "pets.yaml")).await.unwrap(), json!("done"));
    let refused =
        [at(&closed, "pets.yaml"), at(&open, "link.yaml"), at(&open, "no.yaml"), "file:///etc/passwd".into()];
    for uri in refused {
        assert_eq!(get(uri.clone()).await.unwrap_err().status, 403, "{uri}");
    }
}

#[tokio::test]
async fn a_document_that_is_none_is_told() {
    let server = serve(|seen| match seen.target.as_str() {
        "/html" => reply(200, &[], "<html>\n<body a=: b>: c: d"),
        "/circle" => reply(200, &[], "openapi: 3.0.0\npaths:\n  /a: { $ref: '#/paths/~1a' }\n"),
        "/away" => reply(200, &[], "openapi: 3.0.0\npaths:\n  /a: { $ref: 'b.yaml#/x' }\n"),
        "/none" => reply(404, &[], ""),
        _ => reply(200, &[], "a: b"),
    })
    .await;
    let mut all = Vec::new();
    for document in ["/html", "/circle", "/away", "/none", "/other"] {
        all.push(sent(&server, document, "x", json!({})).await);
    }
    expect![[r#"
        configuration/400: the document http://SERVER/html cannot be read: line 2: this is not YAML: mapping values are not allowed in this context
        configuration/400: the document refers in a circle
        configuration/400: the document refers to `b.yaml#/x`, another document; only references within it are followed
        communication/404 No Document: the document http://SERVER/none cannot be had: the server answered 404 Not Found
        configuration/400: the document describes no paths: is it OpenAPI?"#]].assert_eq(&all.join("\n"));
}
