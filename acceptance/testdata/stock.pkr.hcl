packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "documents" {
  type = list(string)
}

variable "host" {
  type = string
}

variable "port" {
  type = number
}

variable "user" {
  type = string
}

variable "key" {
  type = string
}

variable "isolation" {
  type    = string
  default = "namespace"
}

variable "install_python" {
  type    = bool
  default = false
}

variable "skip_roles" {
  type    = list(string)
  default = []
}

data "airship-nodeprofile" "node" {
  documents = var.documents
}

# A machine that somebody else made, and that somebody else will make an image of.
source "null" "stock" {
  communicator         = "ssh"
  ssh_host             = var.host
  ssh_port             = var.port
  ssh_username         = var.user
  ssh_private_key_file = var.key
}

build {
  sources = ["source.null.stock"]

  provisioner "airship" {
    profile_yaml   = data.airship-nodeprofile.node.profile_yaml
    isolation      = var.isolation
    install_python = var.install_python
    skip_roles     = var.skip_roles
  }
}
