packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "documents" {
  type = string
}

variable "output" {
  type = string
}

data "airship-nodeprofile" "node" {
  documents = [var.documents]
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = var.output
  isolation        = "namespace"
  verify_boot      = false
}

build {
  sources = ["source.airship.node"]

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml
  }
}
