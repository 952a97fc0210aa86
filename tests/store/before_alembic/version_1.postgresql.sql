CREATE TABLE schema_version (
    version SERIAL NOT NULL,
    PRIMARY KEY (version)
);

CREATE TABLE api_keys (
    id VARCHAR(32) NOT NULL,
    digest BYTEA NOT NULL,
    name VARCHAR(200) NOT NULL,
    scopes VARCHAR(200) NOT NULL,
    created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    last_used_at TIMESTAMP WITHOUT TIME ZONE,
    revoked_at TIMESTAMP WITHOUT TIME ZONE,
    PRIMARY KEY (id),
    UNIQUE (digest)
);

INSERT INTO schema_version (version) VALUES (1);
