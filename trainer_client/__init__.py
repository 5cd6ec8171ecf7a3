"""What a training job imports; reaches no further than the wire types of `service.api`."""
