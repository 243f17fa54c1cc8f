resource "aws_dynamodb_table" "orders" {
  name         = local.orders_table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk" # <run_id>:<order_num>
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }
}

resource "aws_dynamodb_table" "order_events" {
  name         = local.events_table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "trace_id"
  range_key    = "sk"

  attribute {
    name = "trace_id"
    type = "S"
  }

  attribute {
    name = "sk" # <order_name>:<epoch>
    type = "S"
  }

  attribute {
    name = "order_name"
    type = "S"
  }

  attribute {
    name = "epoch"
    type = "N"
  }

  global_secondary_index {
    name            = "order_name-epoch-index"
    hash_key        = "order_name"
    range_key       = "epoch"
    projection_type = "ALL"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }
}

resource "aws_dynamodb_table" "locks" {
  name         = local.locks_table
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "pk"

  attribute {
    name = "pk" # lock:<run_id>
    type = "S"
  }

  ttl {
    attribute_name = "ttl"
    enabled        = true
  }
}
